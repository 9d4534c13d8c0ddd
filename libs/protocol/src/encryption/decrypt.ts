import { compactDecrypt } from 'jose';
import { readHeader } from '../primitives/jwt.ts';
import type { DecryptionKeys } from '../ports.ts';
import { contentEncryptionAlgorithms, encryptionAlgorithms } from './algorithms.ts';

/** No request that fits into an address or a form is longer. */
const longest = 32_768;

/** What a client registered for what it sends; absent: any that this server takes. */
export interface ExpectedEncryption {
  alg: string | undefined;
  enc: string | undefined;
}

/** Whether this is a compact JWE by its looks (RFC 7516 §9). */
export function looksEncrypted(token: string): boolean {
  return token.split('.', 6).length === 5;
}

/**
 * Opens a compact JWE that was encrypted for this server; undefined for anything else, and why is not told. What would let
 * a stranger burn CPU or memory is refused by the header, before any work (RFC 8725 §3.2, §3.6): passwords (PBES2 with its
 * count), compression, algorithms that are not on the list, critical extensions, and what is too long.
 */
export async function decrypt(jwe: string, keys: DecryptionKeys, expected: ExpectedEncryption): Promise<string | undefined> {
  if (jwe.length > longest || !looksEncrypted(jwe)) return undefined;
  const header = readHeader(jwe);
  if (!header || !isTaken(header, expected)) return undefined;
  const { alg, kid } = header;
  for (const key of keys.find(String(alg), typeof kid === 'string' ? kid : undefined).slice(0, 3)) {
    try {
      const { plaintext } = await compactDecrypt(jwe, key, {
        keyManagementAlgorithms: [...encryptionAlgorithms],
        contentEncryptionAlgorithms: [...contentEncryptionAlgorithms],
      });
      return new TextDecoder('utf-8', { fatal: true }).decode(plaintext);
    } catch {
      // Not this key, or damaged; all of it means the same here.
    }
  }
  return undefined;
}

function isTaken(header: Record<string, unknown>, expected: ExpectedEncryption): boolean {
  const { alg, enc, cty, kid } = header;
  if (['zip', 'crit', 'p2c', 'p2s'].some((name) => Object.hasOwn(header, name))) return false;
  if (!encryptionAlgorithms.some((one) => one === alg) || !contentEncryptionAlgorithms.some((one) => one === enc)) return false;
  if (expected.alg !== undefined && expected.alg !== alg) return false;
  if (expected.enc !== undefined && expected.enc !== enc) return false;
  if (kid !== undefined && typeof kid !== 'string') return false;
  // RFC 7519 §5.2: what is inside is a JWT; many leave it out.
  return cty === undefined || (typeof cty === 'string' && /^(?:application\/)?(?:oauth-authz-req\+)?jwt$/i.test(cty));
}
