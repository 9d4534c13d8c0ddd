import type { Method } from '../../flows/method.ts';
import { type ChangePorts, newPassword, passwordSettings } from './change.ts';
import { passwordRegistration, type RegistrationPorts } from './registration.ts';
import { passwordSignIn, type SignInPorts } from './sign-in.ts';

/** A password: something that a person knows (amr `pwd`). */
export const password = (ports: SignInPorts & RegistrationPorts & ChangePorts): Method => ({
  name: 'password',
  first: passwordSignIn(ports),
  registration: passwordRegistration(ports),
  newPassword: newPassword(ports),
  settings: passwordSettings(ports),
});
