import type { Passkey } from './passkeys.ts';
import type { RelyingParty } from './relying-party.ts';

/** COSE algorithms of the keys that we take, the preferred first: ES256, EdDSA, RS256. */
export const algorithms = [-7, -8, -257];

/** How long a browser shows its dialog. */
const timeout = 300_000;

interface Descriptor {
  readonly type: 'public-key';
  readonly id: string;
  readonly transports: readonly string[];
}

/** PublicKeyCredentialRequestOptionsJSON (WebAuthn §5.1.8). */
export interface RequestOptions {
  readonly challenge: string;
  readonly rpId: string;
  readonly timeout: number;
  readonly userVerification: 'required' | 'discouraged';
  readonly allowCredentials: readonly Descriptor[];
}

/** PublicKeyCredentialCreationOptionsJSON (WebAuthn §5.1.9). */
export interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id: string; readonly name: string };
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  readonly pubKeyCredParams: readonly { readonly type: 'public-key'; readonly alg: number }[];
  readonly timeout: number;
  readonly attestation: 'none';
  readonly authenticatorSelection: {
    readonly residentKey: 'required';
    readonly requireResidentKey: true;
    readonly userVerification: 'required';
  };
  readonly excludeCredentials: readonly Descriptor[];
}

/**
 * Who somebody is: by a discoverable credential, with user verification. The list is empty for everybody, so it does not tell
 * whether an account exists (WebAuthn §14.6.2).
 */
export const firstFactorOptions = (rp: RelyingParty, challenge: string): RequestOptions => ({
  ...{ challenge, rpId: rp.id, timeout },
  userVerification: 'required',
  allowCredentials: [],
});

/** Another factor of a person who is known: any passkey of theirs; the password is what they know. */
export const secondFactorOptions = (rp: RelyingParty, challenge: string, passkeys: readonly Passkey[]): RequestOptions => ({
  ...{ challenge, rpId: rp.id, timeout },
  userVerification: 'discouraged',
  allowCredentials: passkeys.map(descriptorOf),
});

interface User {
  readonly handle: string;
  /** What the person tells their accounts apart by; it stays on their device. */
  readonly name: string;
}

export const creationOptions = (rp: RelyingParty, challenge: string, user: User, passkeys: readonly Passkey[]): CreationOptions => ({
  challenge,
  rp: { id: rp.id, name: rp.name },
  user: { id: user.handle, name: user.name, displayName: user.name },
  pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
  timeout,
  attestation: 'none',
  // requireResidentKey is for browsers of WebAuthn level 1 (§5.4.4).
  authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
  excludeCredentials: passkeys.map(descriptorOf),
});

const descriptorOf = ({ id, transports }: Passkey): Descriptor => ({ type: 'public-key', id, transports });
