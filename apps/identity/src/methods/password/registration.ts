import { log } from '@authority/telemetry';
import type { Accounts } from '../../accounts/ports.ts';
import { newSubject } from '../../accounts/subject.ts';
import { ask, type Part, type Result, type Submission } from '../../flows/method.ts';
import { errorMessage } from '../../flows/state.ts';
import { formFieldsOf, takenMessages, traitsOf } from '../../schemas/form.ts';
import type { IdentitySchema } from '../../schemas/identity-schema.ts';
import type { Schemas } from '../../schemas/ports.ts';
import type { Throttle } from '../../throttle/throttle.ts';
import type { Traits } from '../../accounts/traits.ts';
import type { RegistrationProof } from '../email-code/registration-proof.ts';
import { acceptedPassword, type NewPasswordPorts } from './accepted.ts';

export interface RegistrationPorts extends NewPasswordPorts {
  readonly accounts: Pick<Accounts, 'register'>;
  readonly throttle: Pick<Throttle, 'admitRegistration'>;
  readonly schemas: Pick<Schemas, 'find' | 'newest'>;
  readonly registrationSchema: () => string;
  /** Without it no address is proved. */
  readonly proof?: Pick<RegistrationProof, 'addressBefore' | 'offer' | 'ask' | 'answer' | 'registered' | 'verified'>;
}

const selection = { form: 'registration' } as const;
const passwordField = { name: 'password', type: 'password', autocomplete: 'new-password', required: true } as const;

/** Creating an account with a password and what the schema of registration asks for; it ends signed in. */
export const passwordRegistration = (ports: RegistrationPorts): Part => ({
  offer: async (view) =>
    ports.proof?.offer(view) ?? {
      fields: [...formFieldsOf(await schemaOf(ports), selection, {}, view.flow.locale), passwordField],
    },

  async submit(submission) {
    if (ports.proof?.offer(submission) !== undefined) return registerProved(submission, ports.proof, ports);
    const { values, address, now } = submission;
    const schema = await schemaOf(ports);
    const filled = traitsOf(schema, selection, values, {});
    const missing = values['password'] ? {} : { password: [errorMessage('required')] };
    if ('messages' in filled) return ask({ ...filled.messages, ...missing });

    const admission = await ports.throttle.admitRegistration(address, now);
    if (!admission.admitted) {
      log.info('registration.refused', { reason: admission.reason });
      return ask({ '': [errorMessage('throttled')] }, admission.retryAt);
    }

    const { traits } = filled;
    const accepted = await acceptedPassword(values['password'] ?? '', traits, ports);
    if ('messages' in accepted) return ask(accepted.messages);

    const account = { schema, traits, passwordHash: accepted.hash };
    const unproved = ports.proof?.addressBefore(schema, traits);
    if (ports.proof && unproved !== undefined) {
      const pending = { ...account, schema: { id: schema.id, version: schema.version } };
      return ports.proof.ask(submission, unproved, pending);
    }
    const result = await register(submission, account, ports);
    if (result.kind === 'proved') await ports.proof?.registered(submission, result.person.sub, account);
    return result;
  },
});

interface ReadyAccount {
  readonly schema: IdentitySchema;
  readonly traits: Traits;
  readonly passwordHash: string;
}

async function register(
  { flow: { browser }, now }: Submission,
  { schema, traits, passwordHash }: ReadyAccount,
  ports: RegistrationPorts,
): Promise<Result> {
  const sub = newSubject(now);
  const registered = await ports.accounts.register({ sub, schema, traits, credential: { passwordHash }, browser });
  // That an identifier is taken is hidden only where its address is proved first; the throttle keeps it from being asked in bulk.
  if ('taken' in registered) return ask(takenMessages(schema, registered.taken), undefined, {});
  const { security, at } = registered;
  return { kind: 'proved', person: { sub, security }, factor: { amr: ['pwd'], at } };
}

/** The account that waited for the proof of its address. */
async function registerProved(
  submission: Submission,
  proof: NonNullable<RegistrationPorts['proof']>,
  ports: RegistrationPorts,
): Promise<Result> {
  const answered = await proof.answer(submission);
  if ('result' in answered) return answered.result;
  const { account, address } = answered;
  const schema = await ports.schemas.find(account.schema.id, account.schema.version);
  if (!schema) return ask({ '': [errorMessage('flow_expired')] }, undefined, {});
  const result = await register(submission, { ...account, schema }, ports);
  if (result.kind === 'proved') await proof.verified(result.person.sub, address);
  return result;
}

/** A setting that names no schema stops registration; any other schema would be the wrong one. */
async function schemaOf({ schemas, registrationSchema }: RegistrationPorts): Promise<IdentitySchema> {
  const schema = await schemas.newest(registrationSchema());
  if (!schema) throw new Error(`the setting schema.registration names no schema: ${registrationSchema()}`);
  return schema;
}
