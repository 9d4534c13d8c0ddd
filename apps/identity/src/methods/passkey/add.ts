import type { Asked } from '../../accounts/asked.ts';
import { verifyRegistration } from './ceremony.ts';
import type { Binding, Challenges } from './challenge.ts';
import { defaultName } from './name.ts';
import type { Added, NamedPasskey, Passkeys } from './passkeys.ts';
import type { RelyingParty } from './relying-party.ts';
import { readClientData, readRegistration } from './response.ts';

interface Answered {
  /** RegistrationResponseJSON, as the browser sent it. */
  readonly answer: string;
  readonly binding: Binding;
  readonly rp: RelyingParty;
  readonly userAgent: string;
}

/** A passkey that was just made, checked and named, and the challenge that it answered; undefined when anything about it is wrong. */
export async function readNewPasskey(
  { answer, binding, rp, userAgent }: Answered,
  challenges: Challenges,
): Promise<{ passkey: NamedPasskey; challenge: string } | undefined> {
  const read = readRegistration(answer);
  const challenge = read && readClientData(read.clientDataJSON)?.challenge;
  if (!read || challenge === undefined || !(await challenges.spend(challenge, binding))) return undefined;
  const passkey = await verifyRegistration(read, challenge, rp);
  return passkey && { passkey: { ...passkey, name: defaultName(passkey.aaguid, userAgent) }, challenge };
}

interface AddPorts {
  readonly passkeys: Pick<Passkeys, 'add'>;
  readonly challenges: Challenges;
}

/** Another passkey for a person who is known. */
export async function addPasskey(
  answered: Answered & { readonly sub: string; readonly asked: Asked },
  { passkeys, challenges }: AddPorts,
): Promise<{ added: Added | 'invalid'; passkey?: NamedPasskey }> {
  const read = await readNewPasskey(answered, challenges);
  if (!read) return { added: 'invalid' };
  const { passkey } = read;
  return { added: await passkeys.add(answered.sub, passkey, answered.asked), passkey };
}
