import type { Method } from '../../flows/method.ts';
import { type AddingPorts, passkeyEnrol } from './adding.ts';
import { passkeyRegistration, type RegistrationPorts } from './registration-form.ts';
import { passkeySection } from './section.ts';
import { firstFactor, type FormPorts, secondFactor } from './sign-in-forms.ts';

/** A passkey (WebAuthn): something that a person has, and that sees who they are (amr `hwk` or `swk`, RFC 8176). */
export const passkey = (ports: FormPorts & RegistrationPorts & AddingPorts): Method => ({
  name: 'passkey',
  first: firstFactor(ports),
  second: secondFactor(ports),
  enrol: passkeyEnrol(ports),
  registration: passkeyRegistration(ports),
  settings: passkeySection(ports),
});
