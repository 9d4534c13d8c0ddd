import type { AuthenticateRequest, AuthenticateResponse } from '@authority/contracts/identity';
import type { Reason } from '@authority/errors';
import { log } from '@authority/telemetry';
import { identifierOf } from '../accounts/identifier.ts';
import { passwordAcr } from '../flows/assurance.ts';
import type { IdentitySettings } from '../settings.ts';
import { type PasswordSignInPorts, signInByPassword } from './sign-in.ts';

export interface AuthenticatePorts extends PasswordSignInPorts {
  readonly settings: IdentitySettings;
  readonly now: () => number;
}

const longestValue = 4096;

/**
 * A password without a page (RFC 6749 §4.3): nobody can be asked for more, so a person with a second factor is refused,
 * and everybody where all must have one.
 * No browser is known and none is remembered: guesses count for the account from this address.
 */
export const authenticate =
  (ports: AuthenticatePorts) =>
  async ({ username, password, client_id, evidence }: AuthenticateRequest): Promise<AuthenticateResponse> => {
    const now = ports.now();
    const identifier = username.length <= longestValue ? identifierOf(username)?.value : undefined;
    // What is no identifier of any kind is nobody's; nothing is hashed, as on the sign-in page.
    if (identifier === undefined || password.length > longestValue) return refused('credentials_wrong');

    const address = evidence?.peer_address ?? '';
    const asked = { grant: 'password', client_id };
    const requiresSecondFactor = ports.settings.get('login.second_factor') === 'required';
    const factors = { refusesSecondFactor: true, requiresSecondFactor };
    const outcome = await signInByPassword({ identifier, password, browser: '', address, now, ...factors, asked }, ports);
    if (!outcome.signedIn) return refused(outcome.reason, outcome.retryAt);
    const { sub } = outcome.account;
    log.info('login.done', { sub, ...asked });
    return { outcome: { $case: 'authenticated', value: { sub, amr: ['pwd'], acr: passwordAcr, auth_time_ms: outcome.at } } };
  };

function refused(reason: Reason, retry_at_ms = 0): AuthenticateResponse {
  return { outcome: { $case: 'refused', value: { reason, retry_at_ms } } };
}
