import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { SigningAlgorithm } from '@authority/protocol';

export type KeyUse = 'signing' | 'mac' | 'sealing';

export const signingAlgorithms = ['ES256', 'RS256', 'EdDSA'] as const satisfies readonly SigningAlgorithm[];

/** One key of each of these exists from the first migration on. */
export const keyKinds: readonly { use: KeyUse; alg: string }[] = [
  ...signingAlgorithms.map((alg) => ({ use: 'signing' as const, alg })),
  { use: 'mac', alg: 'HS256' },
  { use: 'sealing', alg: 'A256GCM' },
];

/** A key before it is wrapped. */
export interface KeyMaterial {
  /** PKCS #8, or the raw bytes of a symmetric key. */
  secret: Buffer;
  public_jwk: Record<string, unknown> | undefined;
}

/** `k_` and 72 random bits. */
export function makeKeyId(): string {
  return `k_${randomBytes(9).toString('base64url')}`;
}

export function makeKey(use: KeyUse, alg: string): KeyMaterial {
  if (use !== 'signing') return { secret: randomBytes(32), public_jwk: undefined };
  const { privateKey, publicKey } = makePair(alg);
  return {
    secret: privateKey.export({ format: 'der', type: 'pkcs8' }),
    public_jwk: { ...publicKey.export({ format: 'jwk' }) },
  };
}

function makePair(alg: string): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (alg) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
    default:
      throw new Error(`no such signing algorithm: ${alg}`);
  }
}

/** A signing key that is ready for use. */
export function signingPair(pkcs8: Buffer): { privateKey: KeyObject; publicKey: KeyObject } {
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
