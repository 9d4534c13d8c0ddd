import type { Reason } from '@authority/errors';
import { log } from '@authority/telemetry';
import { ask, type Result } from '../flows/method.ts';
import { errorMessage } from '../flows/state.ts';
import type { IdentitySettings } from '../settings.ts';
import type { Guessable } from './attempts.ts';

export type SecondFactorSettings = IdentitySettings;

/** The code was not right: the form again. The log has the reason. */
export function refuse(sub: string, reason: Reason, message: string): Result {
  log.info('second_factor.refused', { sub, reason });
  return ask({ code: [errorMessage(message)] });
}

/** Too many wrong ones: not looked at. */
export function throttled(sub: string, what: Guessable, retryAt: number): Result {
  const reason: Reason = 'throttled_person';
  log.info('second_factor.refused', { sub, reason, what });
  return ask({ '': [errorMessage('throttled')] }, retryAt);
}
