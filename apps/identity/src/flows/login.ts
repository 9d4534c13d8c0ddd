import { log } from '@authority/telemetry';
import { normalizeEmail } from '../accounts/email.ts';
import type { Accounts, LookedUp } from '../accounts/ports.ts';
import { type Passwords, normalizePassword } from '../passwords/passwords.ts';
import { mostPasswordBytes } from '../passwords/policy.ts';
import type { Throttle } from '../throttle/throttle.ts';
import { errorMessage, type FlowMessage } from './state.ts';
import { type Outcome, passwordAcr, refused, type Step } from './step.ts';

export interface LoginPorts {
  readonly accounts: Accounts;
  readonly passwords: Passwords;
  readonly throttle: Pick<Throttle, 'admit'>;
}

/** Sign-in with e-mail and password. */
export const login =
  ({ accounts, passwords, throttle }: LoginPorts): Step =>
  async ({ values, browser, address, now }) => {
    const { email = '', password = '' } = values;
    const missing = missingFields(email, password);
    if (missing) return refused(missing);
    const identifier = normalizeEmail(email);
    if (identifier === undefined) return refused({ email: [errorMessage('email_invalid')] });

    const found = await accounts.findByIdentifier(identifier, browser);
    const knownBrowser = found.account?.knownBrowser ?? false;
    const admission = await throttle.admit({ identifier, address, browser, knownBrowser, now });
    if (!admission.admitted) {
      log.info('login.refused', { reason: admission.reason });
      return refused({ '': [errorMessage('throttled')] }, admission.retryAt);
    }

    // An unknown person, one without a password, a disabled one and a wrong password take the same time and get the same
    // answer: the hash is computed in every case.
    const given = normalizePassword(password);
    const matches = await passwords.verify(found.account?.passwordHash, withinBounds(given));
    if (!matches || !found.account || found.account.disabled) return wrong(found, matches);

    const rehash = await rehashed(passwords, found.account.passwordHash, given);
    const { sub, security, freshBrowser } = found.account;
    if (!freshBrowser || rehash) await accounts.signedIn(sub, browser, rehash);
    await admission.succeeded();
    return { done: true, completion: { sub, security, amr: ['pwd'], acr: passwordAcr, authTime: found.at, browser } };
  };

function missingFields(email: string, password: string): Record<string, FlowMessage[]> | undefined {
  if (email.trim() !== '' && password !== '') return undefined;
  return {
    ...(email.trim() === '' ? { email: [errorMessage('required')] } : {}),
    ...(password === '' ? { password: [errorMessage('required')] } : {}),
  };
}

/** No password is longer than the bound, so a longer one is wrong; hashing all of it would only cost. */
const withinBounds = (password: string): string => (Buffer.byteLength(password) <= mostPasswordBytes ? password : '');

/** The answer is one; the log has the truth. */
function wrong({ account }: LookedUp, matches: boolean): Outcome {
  const reason = matches && account?.disabled ? 'identity_disabled' : 'credentials_wrong';
  log.info('login.refused', { reason, ...(account ? { sub: account.sub } : {}) });
  return refused({ '': [errorMessage('credentials_wrong')] });
}

/** Only the moment of a sign-in has the password that a hash with today's parameters needs. */
async function rehashed(passwords: Passwords, from: string | undefined, password: string) {
  if (from === undefined || !passwords.needsRehash(from)) return undefined;
  return { from, to: await passwords.hash(password) };
}
