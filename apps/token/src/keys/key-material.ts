import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { SigningAlgorithm } from '@authority/protocol';

export type KeyUse = 'signing' | 'mac' | 'sealing' | 'encryption' | 'access_token' | 'pairwise';

export const signingAlgorithms = ['ES256', 'RS256', 'EdDSA', 'PS256'] as const satisfies readonly SigningAlgorithm[];

/** One key of each of these exists from the first migration on. */
export const keyKinds: readonly { use: KeyUse; alg: string }[] = [
  ...signingAlgorithms.map((alg) => ({ use: 'signing' as const, alg })),
  { use: 'mac', alg: 'HS256' },
  { use: 'sealing', alg: 'A256GCM' },
  { use: 'encryption', alg: 'RSA-OAEP-256' },
  { use: 'encryption', alg: 'ECDH-ES' },
  { use: 'access_token', alg: 'A256GCM' },
  { use: 'pairwise', alg: 'HS256' },
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
  if (!isPair(use)) return { secret: randomBytes(32), public_jwk: undefined };
  const { privateKey, publicKey } = makePair(alg);
  return {
    secret: privateKey.export({ format: 'der', type: 'pkcs8' }),
    public_jwk: { ...publicKey.export({ format: 'jwk' }) },
  };
}

function makePair(alg: string): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (alg) {
    case 'ES256':
    case 'ECDH-ES':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'RS256':
    case 'PS256':
    case 'RSA-OAEP-256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
    default:
      throw new Error(`no such algorithm: ${alg}`);
  }
}

/** Whether keys of a use are pairs, whose public half is published. */
export function isPair(use: KeyUse): boolean {
  return use === 'signing' || use === 'encryption';
}

/** A pair that is ready for use. */
export function openPair(pkcs8: Buffer): { privateKey: KeyObject; publicKey: KeyObject } {
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
