import { identifierOf, type IdentifierKind } from '../../accounts/identifier.ts';
import { ask, type Form, type Part } from '../../flows/method.ts';
import { errorMessage, type Messages } from '../../flows/state.ts';
import { type PasswordSignInPorts, signInByPassword } from '../../passwords/sign-in.ts';

export interface SignInPorts extends PasswordSignInPorts {
  /** The kinds of identifiers that people here can have. */
  readonly signInKinds: () => Promise<readonly IdentifierKind[]>;
}

/** Sign-in with a password and any identifier that people here can have. */
export const passwordSignIn = (ports: SignInPorts): Part => ({
  offer: async () => ({
    fields: [
      identifierField(await ports.signInKinds()),
      { name: 'password', type: 'password', autocomplete: 'current-password', required: true },
    ],
  }),

  async submit({ values, flow: { browser }, address, now }) {
    const kinds = await ports.signInKinds();
    const { name } = identifierField(kinds);
    // Whoever knows the form from before the kinds changed still gets in.
    const typed = values[name] ?? values['email'] ?? values['identifier'] ?? '';
    const { password = '' } = values;
    const missing = missingFields(name, typed, password);
    if (missing) return ask(missing);
    const identifier = identifierOf(typed);
    // Says something about the text, and nothing about who exists.
    if (identifier === undefined || !kinds.includes(identifier.kind)) return ask({ [name]: [errorMessage(invalidMessage(kinds))] });

    const attempt = { identifier: identifier.value, password, browser, address, now, refusesSecondFactor: false };
    const outcome = await signInByPassword(attempt, ports);
    if (outcome.signedIn) {
      const { sub, security } = outcome.account;
      return { kind: 'proved', person: { sub, security }, factor: { amr: ['pwd'], at: outcome.at } };
    }
    if (outcome.retryAt !== undefined) return ask({ '': [errorMessage('throttled')] }, outcome.retryAt);
    return ask({ '': [errorMessage('credentials_wrong')] });
  },
});

const fields: Readonly<Record<IdentifierKind, { name: string; type: string; inputmode: string }>> = {
  email: { name: 'email', type: 'email', inputmode: '' },
  phone: { name: 'phone', type: 'tel', inputmode: 'tel' },
  username: { name: 'username', type: 'text', inputmode: '' },
};

/** One field for all of them. */
function identifierField(kinds: readonly IdentifierKind[]): Form['fields'][number] {
  const [only, ...others] = kinds;
  const shape = only !== undefined && others.length === 0 ? fields[only] : { name: 'identifier', type: 'text', inputmode: '' };
  // Passkeys are in its autofill (WebAuthn level 3 §5.1.4).
  return { ...shape, autocomplete: 'username webauthn', required: true };
}

function invalidMessage(kinds: readonly IdentifierKind[]): string {
  const [only, ...others] = kinds;
  return only === undefined || others.length > 0 ? 'identifier_invalid' : `${only}_invalid`;
}

function missingFields(name: string, typed: string, password: string): Messages | undefined {
  if (typed.trim() !== '' && password !== '') return undefined;
  return {
    ...(typed.trim() === '' ? { [name]: [errorMessage('required')] } : {}),
    ...(password === '' ? { password: [errorMessage('required')] } : {}),
  };
}
