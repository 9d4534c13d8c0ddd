import { createHash } from 'node:crypto';
import type { SigningAlgorithm } from '../model/client.ts';

/**
 * The left half of a hash, base64url: `at_hash` (OpenID Connect Core §3.1.3.6). The hash is the one that the ID Token's
 * signature uses; Ed25519 uses SHA-512.
 */
export function halfHash(value: string, alg: SigningAlgorithm): string {
  const digest = createHash(alg === 'EdDSA' ? 'sha512' : 'sha256')
    .update(value, 'ascii')
    .digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}
