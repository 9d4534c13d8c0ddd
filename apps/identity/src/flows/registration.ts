import { log } from '@authority/telemetry';
import { normalizeEmail } from '../accounts/email.ts';
import type { Accounts } from '../accounts/ports.ts';
import { newSubject } from '../accounts/subject.ts';
import { isPlainText, type Traits } from '../accounts/traits.ts';
import { type Passwords, normalizePassword } from '../passwords/passwords.ts';
import { findPasswordFault, mostPasswordBytes, type PasswordRules } from '../passwords/policy.ts';
import type { Throttle } from '../throttle/throttle.ts';
import { errorMessage, type FlowMessage } from './state.ts';
import { passwordAcr, refused, type Step } from './step.ts';

export interface RegistrationPorts {
  readonly accounts: Pick<Accounts, 'register'>;
  readonly passwords: Pick<Passwords, 'assess' | 'hash'>;
  readonly throttle: Pick<Throttle, 'admitRegistration'>;
  readonly rules: () => PasswordRules;
}

interface Form {
  readonly identifier: string;
  readonly traits: Traits;
  readonly password: string;
}

/** Creating an account with e-mail and password; it ends signed in. */
export const registration =
  ({ accounts, passwords, throttle, rules }: RegistrationPorts): Step =>
  async ({ values, browser, address, now }) => {
    const form = readForm(values);
    if ('messages' in form) return refused(form.messages);

    const admission = await throttle.admitRegistration(address, now);
    if (!admission.admitted) {
      log.info('registration.refused', { reason: admission.reason });
      return refused({ '': [errorMessage('throttled')] }, admission.retryAt);
    }

    const inputs = [form.identifier, ...form.identifier.split(/[@.]/), ...(form.traits['name']?.split(/\s+/) ?? [])];
    const required = rules();
    const fault = await findPasswordFault(form.password, inputs, required, passwords);
    if (fault) {
      const parameters = { min: String(required.minLength), max: String(mostPasswordBytes) };
      return refused({ password: [errorMessage(fault, parameters)] });
    }

    const sub = newSubject(now);
    const { identifier, traits } = form;
    const passwordHash = await passwords.hash(form.password);
    const registered = await accounts.register({ sub, identifier, traits, passwordHash, browser });
    // That an address is taken cannot be hidden from who registers it, until mails can (issue 4); the throttle above
    // keeps it from being asked in bulk.
    if (!registered) return refused({ email: [errorMessage('identifier_taken')] });
    const { security, at } = registered;
    return { done: true, completion: { sub, security, amr: ['pwd'], acr: passwordAcr, authTime: at, browser } };
  };

function readForm(values: Readonly<Record<string, string>>): Form | { messages: Record<string, FlowMessage[]> } {
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
