import type { Method } from '../../flows/method.ts';
import { addressProof } from './address-proof.ts';
import type { EmailCodePorts } from './ports.ts';
import { verification } from './verification.ts';

/** A code by e-mail: something that only who reads an address can know (amr `otp`). */
export const emailCode = (ports: EmailCodePorts): Method => {
  const first = addressProof('login', ports);
  return {
    name: 'email_code',
    first: { ...first, offer: async (view) => (ports.settings.get('login.email_code') ? first.offer(view) : undefined) },
    recovery: addressProof('recovery', ports),
    verification: verification(ports),
  };
};
