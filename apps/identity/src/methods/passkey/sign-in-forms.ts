import { log } from '@authority/telemetry';
import { passwordAcr, leastAcr } from '../../flows/assurance.ts';
import { ask, type Form, type Part, type Result, type SecondPart, type Submission, type View } from '../../flows/method.ts';
import { errorMessage } from '../../flows/state.ts';
import type { Accounts } from '../../accounts/ports.ts';
import type { IdentitySettings } from '../../settings.ts';
import type { Binding, Challenges } from './challenge.ts';
import { firstFactorOptions, secondFactorOptions } from './options.ts';
import type { Passkeys } from './passkeys.ts';
import type { RelyingParty } from './relying-party.ts';
import { signInByPasskey } from './sign-in.ts';

export interface FormPorts {
  readonly passkeys: Passkeys;
  readonly challenges: Challenges;
  /** Undefined where there are no passkeys. */
  readonly rp: () => RelyingParty | undefined;
  readonly settings: IdentitySettings;
  readonly accounts: Pick<Accounts, 'findPassword'>;
}

/** What a script fills in; without one there are no passkeys. */
export const answerField = { name: 'answer', type: 'hidden', autocomplete: 'off', required: true } as const;

const signInForm = (options: object): Form => ({
  fields: [answerField],
  options: { ...options },
  actions: [{ value: 'sign_in', id: 'passkey_sign_in' }],
});

/** By a discoverable credential, chosen from the autofill of the identifier field or by the button; the same for everybody. */
export const firstFactor = ({ passkeys, challenges, rp, settings }: FormPorts): Part => ({
  async offer({ flow }) {
    const known = settings.get('passkey.first_factor') ? rp() : undefined;
    return known && signInForm(firstFactorOptions(known, await challenges.make({ purpose: 'sign_in', flow })));
  },

  submit: (submission) => signedIn({ purpose: 'sign_in', flow: submission.flow }, submission, { passkeys, challenges, rp }),
});

/** Another factor of a person who is known: any passkey of theirs. */
export const secondFactor = ({ passkeys, challenges, rp, settings, accounts }: FormPorts): SecondPart => ({
  async offer({ flow, person }) {
    const known = isAsked(flow, settings) ? rp() : undefined;
    const theirs = known && person ? await passkeys.list(person.sub) : [];
    if (!known || !person || theirs.length === 0) return undefined;
    // Whoever has nothing besides passkeys, and has lost them, has nothing but their mailbox to get back in by.
    // Not where everybody needs a second factor: the mailbox alone would take on another one.
    const mayDoWithout = flow.kind === 'recovery' && settings.get('login.second_factor') !== 'required';
    if (mayDoWithout && (await accounts.findPassword(person.sub)) === undefined) return undefined;
    return signInForm(secondFactorOptions(known, await challenges.make({ purpose: 'second_factor', flow }), theirs));
  },

  submit: (submission) => signedIn({ purpose: 'second_factor', flow: submission.flow }, submission, { passkeys, challenges, rp }),
});

/** Of everybody who has one, unless the operator says that they may do without where no application asks for more. */
function isAsked({ acrValues }: View['flow'], settings: IdentitySettings): boolean {
  if (settings.get('passkey.second_factor') || settings.get('login.second_factor') === 'required') return true;
  const wanted = leastAcr(acrValues);
  return wanted !== undefined && wanted !== passwordAcr;
}

async function signedIn(
  binding: Binding,
  { values, flow, person }: Submission,
  { passkeys, challenges, rp }: Pick<FormPorts, 'passkeys' | 'challenges' | 'rp'>,
): Promise<Result> {
  const [answer = '', known] = [values['answer'], rp()];
  if (answer === '' || !known) return ask({ '': [errorMessage('passkey_needs_script')] });
  const outcome = await signInByPasskey({ answer, binding, rp: known, sub: person?.sub }, { passkeys, challenges });
  if (!outcome.signedIn) {
    const { reason, sub } = outcome;
    log.info(`${flow.kind}.refused`, { reason, method: 'passkey', ...(sub === undefined ? {} : { sub }) });
    return ask({ '': [errorMessage('passkey_not_accepted')] });
  }
  const { sub, security, at, amr, userVerified } = outcome;
  return { kind: 'proved', person: { sub, security }, factor: { amr, at, isMultiFactor: userVerified, isPhishingResistant: true } };
}
