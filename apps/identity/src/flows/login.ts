import { normalizeEmail } from '../accounts/email.ts';
import { type PasswordSignInPorts, signInByPassword } from '../passwords/sign-in.ts';
import { errorMessage, type FlowMessage } from './state.ts';
import { passwordAcr, refused, type Step } from './step.ts';

/** Sign-in with e-mail and password. */
export const login =
  (ports: PasswordSignInPorts): Step =>
  async ({ values, browser, address, now }) => {
    const { email = '', password = '' } = values;
    const missing = missingFields(email, password);
    if (missing) return refused(missing);
    const identifier = normalizeEmail(email);
    if (identifier === undefined) return refused({ email: [errorMessage('email_invalid')] });

    const outcome = await signInByPassword({ identifier, password, browser, address, now, refusesSecondFactor: false }, ports);
    if (outcome.signedIn) {
      const { sub, security } = outcome.account;
      return { done: true, completion: { sub, security, amr: ['pwd'], acr: passwordAcr, authTime: outcome.at, browser } };
    }
    if (outcome.retryAt !== undefined) return refused({ '': [errorMessage('throttled')] }, outcome.retryAt);
    return refused({ '': [errorMessage('credentials_wrong')] });
  };

function missingFields(email: string, password: string): Record<string, FlowMessage[]> | undefined {
  if (email.trim() !== '' && password !== '') return undefined;
  return {
    ...(email.trim() === '' ? { email: [errorMessage('required')] } : {}),
    ...(password === '' ? { password: [errorMessage('required')] } : {}),
  };
}
