import { verifyRegistration } from './ceremony.ts';
import type { Challenge, Challenges } from './challenge.ts';
import { defaultName } from './name.ts';
import type { Actor, Added, NewPasskey, Passkeys } from './passkeys.ts';
import type { RelyingParty } from './relying-party.ts';
import { readRegistration } from './response.ts';

interface Answered {
  /** RegistrationResponseJSON, as the browser sent it. */
  readonly answer: string;
  readonly challenge: Challenge | undefined;
  readonly rp: RelyingParty;
  readonly userAgent: string;
}

export type NamedPasskey = NewPasskey & { readonly name: string };

/** A passkey that was just made, checked and named; undefined when anything about it is wrong. */
export async function readNewPasskey(answered: Answered, challenges: Challenges): Promise<NamedPasskey | undefined> {
  const { challenge, rp, userAgent } = answered;
  if (!challenge || !(await challenges.spend(challenge))) return undefined;
  const answer = readRegistration(answered.answer);
  const passkey = answer && (await verifyRegistration(answer, challenge, rp));
  return passkey && { ...passkey, name: defaultName(passkey.aaguid, userAgent) };
}

interface AddPorts {
  readonly passkeys: Pick<Passkeys, 'add'>;
  readonly challenges: Challenges;
}

/** Another passkey for a person who is known. */
export async function addPasskey(
  answered: Answered & { readonly sub: string; readonly actor: Actor },
  { passkeys, challenges }: AddPorts,
): Promise<{ added: Added | 'invalid'; name?: string }> {
  const passkey = await readNewPasskey(answered, challenges);
  if (!passkey) return { added: 'invalid' };
  return { added: await passkeys.add(answered.sub, passkey, answered.actor), name: passkey.name };
}
