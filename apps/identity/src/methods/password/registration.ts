import { log } from '@authority/telemetry';
import type { Accounts } from '../../accounts/ports.ts';
import { newSubject } from '../../accounts/subject.ts';
import { ask, type Part } from '../../flows/method.ts';
import { errorMessage } from '../../flows/state.ts';
import { formFieldsOf, takenMessages, traitsOf } from '../../schemas/form.ts';
import type { IdentitySchema } from '../../schemas/identity-schema.ts';
import type { Schemas } from '../../schemas/ports.ts';
import type { Throttle } from '../../throttle/throttle.ts';
import { acceptedPassword, type NewPasswordPorts } from './accepted.ts';

export interface RegistrationPorts extends NewPasswordPorts {
  readonly accounts: Pick<Accounts, 'register'>;
  readonly throttle: Pick<Throttle, 'admitRegistration'>;
  readonly schemas: Pick<Schemas, 'newest'>;
  readonly registrationSchema: () => string;
}

const selection = { form: 'registration' } as const;
const passwordField = { name: 'password', type: 'password', autocomplete: 'new-password', required: true } as const;

/** Creating an account with a password and what the schema of registration asks for; it ends signed in. */
export const passwordRegistration = (ports: RegistrationPorts): Part => ({
  offer: async ({ flow: { locale } }) => ({
    fields: [...formFieldsOf(await schemaOf(ports), selection, {}, locale), passwordField],
  }),

  async submit({ values, flow: { browser }, address, now }) {
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

    const sub = newSubject(now);
    const registered = await ports.accounts.register({ sub, schema, traits, credential: { passwordHash: accepted.hash }, browser });
    // That an identifier is taken cannot be hidden from who registers it without a mail; the throttle above keeps it from
    // being asked in bulk.
    if ('taken' in registered) return ask(takenMessages(schema, registered.taken));
    const { security, at } = registered;
    return { kind: 'proved', person: { sub, security }, factor: { amr: ['pwd'], at } };
  },
});

/** A setting that names no schema stops registration; any other schema would be the wrong one. */
async function schemaOf({ schemas, registrationSchema }: RegistrationPorts): Promise<IdentitySchema> {
  const schema = await schemas.newest(registrationSchema());
  if (!schema) throw new Error(`the setting schema.registration names no schema: ${registrationSchema()}`);
  return schema;
}
