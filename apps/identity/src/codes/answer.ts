import { log } from '@authority/telemetry';
import type { IdentitySettings } from '../settings.ts';
import { digestOfDigits, normalizeDigits, type Purpose, readLink } from './code.ts';
import type { Codes, Judged } from './ports.ts';

export interface AnswerPorts {
  readonly codes: Codes;
  readonly settings: IdentitySettings;
}

/** Digits that somebody typed into the flow that asked for them. */
export async function typeCode(
  { id, key, purpose, text, now }: { id: string; key: string; purpose: Purpose; text: string; now: number },
  { codes, settings }: AnswerPorts,
): Promise<Judged> {
  const digits = normalizeDigits(text);
  // Cannot be a code: not looked at, and so no attempt.
  if (digits === undefined) return { fault: 'code_wrong' };
  const mostAttempts = settings.get('code.attempts');
  return told(purpose, await codes.attempt({ id, purpose, digest: digestOfDigits(key, id, digits), mostAttempts, now }));
}

export interface OpenedLink {
  readonly purpose: Purpose;
  readonly link: string;
  /** SHA-256 of the cookie of the browser that opens it. */
  readonly browser: string;
  readonly now: number;
}

/**
 * A link, opened by a button. One that lets somebody in works only in the browser that asked for it: whoever is talked into
 * opening the link of another's flow is not signed in by it, nor lets the other one in. A link that verifies an address
 * lets nobody in, and works everywhere.
 */
export async function openLinkOf({ purpose, link, browser, now }: OpenedLink, { codes }: Pick<AnswerPorts, 'codes'>): Promise<Judged> {
  const read = readLink(link);
  if (!read) return told(purpose, { fault: 'code_unknown' });
  const seen = await codes.look({ ...read, purpose, now });
  if ('proven' in seen && purpose !== 'verification' && seen.proven.browser !== browser)
    return told(purpose, { fault: 'code_of_other_browser' });
  return told(purpose, 'fault' in seen ? seen : await codes.open({ ...read, purpose, now }));
}

/** The person reads what to do; the log has the truth. */
function told(purpose: Purpose, judged: Judged): Judged {
  if ('fault' in judged) log.info('code.refused', { purpose, fault: judged.fault });
  return judged;
}
