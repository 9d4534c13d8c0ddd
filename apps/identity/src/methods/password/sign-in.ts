import { normalizeEmail } from '../../accounts/email.ts';
import { ask, type Part } from '../../flows/method.ts';
import { errorMessage, type Messages } from '../../flows/state.ts';
import { type PasswordSignInPorts, signInByPassword } from '../../passwords/sign-in.ts';

/** Sign-in with e-mail and password. */
export const passwordSignIn = (ports: PasswordSignInPorts): Part => ({
  offer: async () => ({
    fields: [
      { name: 'email', type: 'email', autocomplete: 'username', required: true },
      { name: 'password', type: 'password', autocomplete: 'current-password', required: true },
    ],
  }),

  async submit({ values, flow: { browser }, address, now }) {
    const { email = '', password = '' } = values;
    const missing = missingFields(email, password);
    if (missing) return ask(missing);
    const identifier = normalizeEmail(email);
    if (identifier === undefined) return ask({ email: [errorMessage('email_invalid')] });

    const outcome = await signInByPassword({ identifier, password, browser, address, now, refusesSecondFactor: false }, ports);
    if (outcome.signedIn) {
      const { sub, security } = outcome.account;
      return { kind: 'proved', person: { sub, security }, factor: { amr: ['pwd'], at: outcome.at } };
    }
    if (outcome.retryAt !== undefined) return ask({ '': [errorMessage('throttled')] }, outcome.retryAt);
    return ask({ '': [errorMessage('credentials_wrong')] });
  },
});

function missingFields(email: string, password: string): Messages | undefined {
  if (email.trim() !== '' && password !== '') return undefined;
  return {
    ...(email.trim() === '' ? { email: [errorMessage('required')] } : {}),
    ...(password === '' ? { password: [errorMessage('required')] } : {}),
  };
}
