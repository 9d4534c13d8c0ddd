import { createHash } from 'node:crypto';
import { log } from '@authority/telemetry';
import type { Accounts } from '../../accounts/ports.ts';
import { newSubject } from '../../accounts/subject.ts';
import { ask, type Part, type Submission } from '../../flows/method.ts';
import { errorMessage, type Messages } from '../../flows/state.ts';
import { formFieldsOf, takenMessages, traitsOf } from '../../schemas/form.ts';
import type { Schemas } from '../../schemas/ports.ts';
import type { Throttle } from '../../throttle/throttle.ts';
import type { RegistrationProof } from '../email-code/registration-proof.ts';
import { readNewPasskey } from './add.ts';
import type { Binding } from './challenge.ts';
import { creationOptions } from './options.ts';
import { answerField, type FormPorts } from './sign-in-forms.ts';
import { amrOf } from './sign-in.ts';

export interface RegistrationPorts extends FormPorts {
  readonly accounts: Pick<Accounts, 'register' | 'findPassword'>;
  readonly throttle: Pick<Throttle, 'admitRegistration'>;
  readonly schemas: Pick<Schemas, 'newest'>;
  readonly registrationSchema: () => string;
  /** Without it no address is proved. */
  readonly proof?: Pick<RegistrationProof, 'registered'>;
}

const selection = { form: 'registration' } as const;
const bindingOf = (flow: Binding['flow']): Binding => ({ purpose: 'register', flow });

/** Creating an account with a passkey and no password; it ends signed in. */
export const passkeyRegistration = (ports: RegistrationPorts): Part => ({
  async offer({ flow }) {
    const rp = isOn(ports) ? ports.rp() : undefined;
    const schema = await ports.schemas.newest(ports.registrationSchema());
    if (!rp || !schema) return undefined;
    const challenge = await ports.challenges.make(bindingOf(flow));
    // The script puts in the name that was typed: it stays on the person's device.
    const user = { handle: userHandleOf(challenge), name: '' };
    return {
      fields: [...formFieldsOf(schema, selection, {}, flow.locale), answerField],
      options: { ...creationOptions(rp, challenge, user, []) },
      actions: [{ value: 'register', id: 'passkey_register' }],
    };
  },

  async submit(submission) {
    const schema = await ports.schemas.newest(ports.registrationSchema());
    const filled = schema && traitsOf(schema, selection, submission.values, {});
    if (!schema || !filled) return ask({ '': [errorMessage('flow_expired')] });
    if ('messages' in filled) return ask(filled.messages);
    const made = await madePasskey(submission, ports);
    if ('messages' in made) return ask(made.messages, made.retryAt);

    const { flow, now } = submission;
    const [sub, { traits }] = [newSubject(now), filled];
    const registered = await ports.accounts.register({ sub, schema, traits, credential: made, browser: flow.browser });
    if ('taken' in registered) return ask(takenMessages(schema, registered.taken));
    await ports.proof?.registered(submission, sub, { schema, traits });
    const { security, at } = registered;
    const factor = { amr: amrOf(made.passkey, made.passkey), at, isMultiFactor: made.passkey.userVerified, isPhishingResistant: true };
    return { kind: 'proved', person: { sub, security }, factor };
  },
});

/** Whoever registers with a passkey has to be able to sign in with it. Its account would be there before its address is proved. */
const isOn = ({ settings }: RegistrationPorts): boolean =>
  settings.get('passkey.registration') && settings.get('passkey.first_factor') && settings.get('registration.verify') !== 'before';

async function madePasskey({ values, flow, address, userAgent, now }: Submission, ports: RegistrationPorts) {
  const [rp, answer = ''] = [ports.rp(), values['answer']];
  if (!rp || answer === '') return refused('passkey_needs_script');
  const admission = await ports.throttle.admitRegistration(address, now);
  if (!admission.admitted) {
    log.info('registration.refused', { reason: admission.reason, method: 'passkey' });
    return { ...refused('throttled'), retryAt: admission.retryAt };
  }
  const read = await readNewPasskey({ answer, binding: bindingOf(flow), rp, userAgent }, ports.challenges);
  if (!read) return refused('passkey_not_made');
  if (await ports.passkeys.find(read.passkey.id)) return refused('passkey_exists');
  return { passkey: read.passkey, userHandle: userHandleOf(read.challenge) };
}

const refused = (id: string): { messages: Messages; retryAt?: number } => ({ messages: { '': [errorMessage(id)] } });

/** As random as the challenge, and needs no memory between the two requests; nobody can choose another person's. */
const userHandleOf = (challenge: string): string => createHash('sha256').update(`user handle of ${challenge}`).digest('base64url');
