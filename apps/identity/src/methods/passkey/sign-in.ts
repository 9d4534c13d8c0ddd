import { timingSafeEqual } from 'node:crypto';
import type { Reason } from '@authority/errors';
import { verifyAssertion } from './ceremony.ts';
import type { Binding, Challenges } from './challenge.ts';
import type { Assertion, FoundPasskey, Passkeys } from './passkeys.ts';
import type { RelyingParty } from './relying-party.ts';
import { type AuthenticationAnswer, readAuthentication, readClientData } from './response.ts';

export interface SignInPorts {
  readonly passkeys: Pick<Passkeys, 'find' | 'use'>;
  readonly challenges: Challenges;
}

export interface PasskeyAttempt {
  /** AuthenticationResponseJSON, as the browser sent it. */
  readonly answer: string;
  readonly binding: Binding;
  readonly rp: RelyingParty;
  /** Of whom another factor is asked; undefined where the passkey says who it is. */
  readonly sub: string | undefined;
}

export type PasskeyOutcome =
  | {
      readonly signedIn: true;
      readonly sub: string;
      readonly security: number;
      readonly at: number;
      readonly userVerified: boolean;
      /** RFC 8176 §2. */
      readonly amr: readonly string[];
    }
  | { readonly signedIn: false; readonly reason: Reason; readonly sub?: string };

/** The check of a passkey, the same as the first factor and as another. */
export async function signInByPasskey(attempt: PasskeyAttempt, { passkeys, challenges }: SignInPorts): Promise<PasskeyOutcome> {
  const { binding, rp, sub } = attempt;
  const answer = readAuthentication(attempt.answer);
  const challenge = answer && readClientData(answer.clientDataJSON)?.challenge;
  if (!answer || challenge === undefined) return refused('passkey_invalid');
  // Spent before anything else is looked at: an answer, right or wrong, is the only one to its challenge.
  if (!(await challenges.spend(challenge, binding))) return refused('passkey_challenge_spent');
  const passkey = await passkeys.find(answer.id);
  if (!passkey) return refused('passkey_unknown');
  if (!isOwners(passkey, answer, sub)) return refused('passkey_of_other_person', passkey.sub);

  const userVerification = sub === undefined ? 'required' : 'discouraged';
  const assertion = await verifyAssertion(answer, passkey, challenge, rp, userVerification);
  if (!assertion) return refused('passkey_invalid', passkey.sub);
  const use = await passkeys.use(answer.id, assertion);
  if (use.kind === 'counter_regressed') return refused('passkey_counter_regressed', passkey.sub);
  if (use.kind === 'gone') return refused('passkey_unknown', passkey.sub);
  // Not before the signature was right: who is disabled is told to themselves alone, and to nobody here.
  if (use.disabled) return refused('identity_disabled', passkey.sub);
  const { security, at } = use;
  return { signedIn: true, sub: passkey.sub, security, at, userVerified: assertion.userVerified, amr: amrOf(passkey, assertion) };
}

/** WebAuthn §7.2 step 6. A discoverable credential has to name its person; where the person is known, it must be theirs. */
function isOwners(passkey: FoundPasskey, { userHandle }: AuthenticationAnswer, sub: string | undefined): boolean {
  if (sub !== undefined && passkey.sub !== sub) return false;
  if (userHandle === '') return sub !== undefined;
  const [given, kept] = [Buffer.from(userHandle), Buffer.from(passkey.userHandle)];
  return given.length === kept.length && timingSafeEqual(given, kept);
}

/**
 * RFC 8176 §2: `hwk` a key that does not leave its device, `swk` one that is copied to others, `user` somebody was there, `mfa` that
 * the device has also seen who.
 */
export const amrOf = (
  { backupEligible }: Pick<FoundPasskey, 'backupEligible'>,
  { userVerified }: Pick<Assertion, 'userVerified'>,
): string[] => [backupEligible ? 'swk' : 'hwk', 'user', ...(userVerified ? ['mfa'] : [])];

const refused = (reason: Reason, sub?: string): PasskeyOutcome => ({ signedIn: false, reason, ...(sub === undefined ? {} : { sub }) });
