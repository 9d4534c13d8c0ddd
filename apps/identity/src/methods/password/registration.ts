import { log } from '@authority/telemetry';
import { normalizeEmail } from '../../accounts/email.ts';
import type { Accounts } from '../../accounts/ports.ts';
import { newSubject } from '../../accounts/subject.ts';
import { isPlainText, type Traits } from '../../accounts/traits.ts';
import { ask, type Part } from '../../flows/method.ts';
import { errorMessage, type FlowMessage, type Messages } from '../../flows/state.ts';
import { defaultSchema } from '../../schemas/presets/index.ts';
import { normalizePassword } from '../../passwords/passwords.ts';
import type { Throttle } from '../../throttle/throttle.ts';
import { acceptedPassword, type NewPasswordPorts } from './accepted.ts';

export interface RegistrationPorts extends NewPasswordPorts {
  readonly accounts: Pick<Accounts, 'register'>;
  readonly throttle: Pick<Throttle, 'admitRegistration'>;
}

interface Filled {
  readonly identifier: string;
  readonly traits: Traits;
  readonly password: string;
}

/** Creating an account with e-mail and password; it ends signed in. */
export const passwordRegistration = (ports: RegistrationPorts): Part => ({
  offer: async () => ({
    fields: [
      { name: 'email', type: 'email', autocomplete: 'username', required: true },
      { name: 'name', type: 'text', autocomplete: 'name', required: false },
      { name: 'password', type: 'password', autocomplete: 'new-password', required: true },
    ],
  }),

  async submit({ values, flow: { browser }, address, now }) {
    const filled = readFilled(values);
    if ('messages' in filled) return ask(filled.messages);

    const admission = await ports.throttle.admitRegistration(address, now);
    if (!admission.admitted) {
      log.info('registration.refused', { reason: admission.reason });
      return ask({ '': [errorMessage('throttled')] }, admission.retryAt);
    }

    const { traits } = filled;
    const accepted = await acceptedPassword(filled.password, traits, ports);
    if ('messages' in accepted) return ask(accepted.messages);

    const sub = newSubject(now);
    const registered = await ports.accounts.register({ sub, schema: defaultSchema, traits, passwordHash: accepted.hash, browser });
    // That an address is taken cannot be hidden from who registers it without a mail; the throttle above keeps it from
    // being asked in bulk.
    if (!registered) return ask({ email: [errorMessage('identifier_taken')] });
    const { security, at } = registered;
    return { kind: 'proved', person: { sub, security }, factor: { amr: ['pwd'], at } };
  },
});

function readFilled(values: Readonly<Record<string, string>>): Filled | { messages: Messages } {
  const email = (values['email'] ?? '').trim();
  const name = (values['name'] ?? '').trim().normalize('NFC');
  const password = normalizePassword(values['password'] ?? '');
  const identifier = normalizeEmail(email);
  const messages: Record<string, FlowMessage[]> = {};
  if (email === '') messages['email'] = [errorMessage('required')];
  else if (identifier === undefined) messages['email'] = [errorMessage('email_invalid')];
  if (name !== '' && !isPlainText(name)) messages['name'] = [errorMessage('name_invalid')];
  if (password === '') messages['password'] = [errorMessage('required')];
  if (identifier === undefined || Object.keys(messages).length > 0) return { messages };
  return { identifier, traits: { email, ...(name === '' ? {} : { name }) }, password };
}
