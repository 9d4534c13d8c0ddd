import { textsOf } from '../../accounts/traits.ts';
import { errorMessage, type Messages } from '../../flows/state.ts';
import { normalizePassword, type Passwords } from '../../passwords/passwords.ts';
import { findPasswordFault, mostPasswordBytes, type PasswordRules } from '../../passwords/policy.ts';

export interface NewPasswordPorts {
  readonly passwords: Pick<Passwords, 'assess' | 'hash'>;
  readonly rules: () => PasswordRules;
}

/** The hash of a new password that keeps the rules, or what is wrong with it. What is known of the person makes it weak. */
export async function acceptedPassword(
  given: string,
  traits: Readonly<Record<string, unknown>>,
  { passwords, rules }: NewPasswordPorts,
  field = 'password',
): Promise<{ hash: string } | { messages: Messages }> {
  const password = normalizePassword(given);
  if (password === '') return { messages: { [field]: [errorMessage('required')] } };
  const known = textsOf(traits)
    .flatMap((text) => [text, ...text.split(/[@.\s]+/)])
    .filter((word) => word !== '');
  const required = rules();
  const fault = await findPasswordFault(password, known, required, passwords);
  if (fault === undefined) return { hash: await passwords.hash(password) };
  const parameters = { min: String(required.minLength), max: String(mostPasswordBytes) };
  return { messages: { [field]: [errorMessage(fault, parameters)] } };
}
