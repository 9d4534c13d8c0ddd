import type { Reason } from '@authority/errors';
import { log } from '@authority/telemetry';
import type { Account, Accounts } from '../accounts/ports.ts';
import type { Throttle } from '../throttle/throttle.ts';
import type { Decoys } from './decoys.ts';
import { normalizePassword, type Passwords } from './passwords.ts';
import { mostPasswordBytes } from './policy.ts';

export interface PasswordSignInPorts {
  readonly accounts: Pick<Accounts, 'findByIdentifier' | 'rehash'>;
  readonly passwords: Passwords;
  /** Left out where everybody's hash is one of ours. */
  readonly decoys?: Decoys;
  readonly throttle: Pick<Throttle, 'admit'>;
}

export interface PasswordAttempt {
  /** Normalised. */
  readonly identifier: string;
  readonly password: string;
  /** Empty where there is none: the password grant. */
  readonly browser: string;
  readonly address: string;
  readonly now: number;
  /** Whoever has a second factor is refused, because this way cannot ask for it. */
  readonly refusesSecondFactor: boolean;
  /** Everybody has to have one: then this way lets nobody in. */
  readonly requiresSecondFactor?: boolean;
  /** Of the log lines: who asked. */
  readonly asked?: Readonly<Record<string, string>>;
}

export type PasswordOutcome =
  | { readonly signedIn: true; readonly account: Account; readonly at: number }
  | { readonly signedIn: false; readonly reason: Reason; readonly retryAt?: number };

/** The check of a password, the same for the sign-in page and the password grant: throttle, time and log lines. */
export async function signInByPassword(attempt: PasswordAttempt, ports: PasswordSignInPorts): Promise<PasswordOutcome> {
  const { identifier, browser, address, now } = attempt;
  const found = await ports.accounts.findByIdentifier(identifier, browser);
  const knownBrowser = found.account?.knownBrowser ?? false;
  const admission = await ports.throttle.admit({ identifier, address, browser, knownBrowser, now });
  if (!admission.admitted) {
    log.info('login.refused', { reason: admission.reason, ...attempt.asked });
    return { signedIn: false, reason: admission.reason, retryAt: admission.retryAt };
  }

  // An unknown person, one without a password, a disabled one and a wrong password take the same time and get the same
  // answer: the hash is computed in every case.
  const given = normalizePassword(attempt.password);
  const decoy = await ports.decoys?.find(identifier);
  const stored = found.account?.passwordHash;
  const matches = await ports.passwords.verify(stored ?? decoy, withinBounds(given));
  const reason = refusalOf(found.account, matches && stored !== undefined, attempt);
  if (reason !== undefined || !found.account) {
    log.info('login.refused', {
      reason: reason ?? 'credentials_wrong',
      ...(found.account && { sub: found.account.sub }),
      ...attempt.asked,
    });
    return { signedIn: false, reason: reason ?? 'credentials_wrong' };
  }

  const rehash = await rehashed(ports.passwords, found.account.passwordHash, given);
  if (rehash) await ports.accounts.rehash(found.account.sub, rehash);
  await admission.succeeded();
  return { signedIn: true, account: found.account, at: found.at };
}

/** The answer is one; the log has the truth. A second factor that is due counts as a failed attempt: nothing to learn. */
function refusalOf(
  account: Account | undefined,
  matches: boolean,
  { refusesSecondFactor, requiresSecondFactor = false }: PasswordAttempt,
): Reason | undefined {
  if (!account || !matches) return 'credentials_wrong';
  if (account.disabled) return 'identity_disabled';
  return refusesSecondFactor && (account.secondFactor || requiresSecondFactor) ? 'second_factor_due' : undefined;
}

/** No password is longer than the bound, so a longer one is wrong; hashing all of it would only cost. */
const withinBounds = (password: string): string => (Buffer.byteLength(password) <= mostPasswordBytes ? password : '');

/** Only the moment of a sign-in has the password that a hash with today's parameters needs. */
async function rehashed(passwords: Passwords, from: string | undefined, password: string) {
  if (from === undefined || !passwords.needsRehash(from)) return undefined;
  return { from, to: await passwords.hash(password) };
}
