import { createHash } from 'node:crypto';
import { decode } from './base64url.ts';

/** The members that make a public key, by `kty`, in lexicographic order (RFC 7638 §3.2, RFC 8037 §2). */
const members: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
};

/** What only a private or symmetric key has (RFC 7518 §6). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Nobody signs with more than 4096 bits or another exponent than F4; larger ones only cost the verifier. */
const longestModulus = 512;
const longestExponent = 4;

/** A public key's own members and nothing else: no `use`, `alg`, `x5u` or `jku` of a stranger's is ever looked at. */
export type PublicJwk = Readonly<Record<string, string>>;

/**
 * The public key in a JWK that somebody sent, cut down to its required members; undefined for private, symmetric and
 * malformed ones. base64url is read strictly, so that one key has one spelling, and so one thumbprint.
 */
export function readPublicJwk(jwk: Readonly<Record<string, unknown>>): PublicJwk | undefined {
  const names = typeof jwk['kty'] === 'string' && Object.hasOwn(members, jwk['kty']) ? members[jwk['kty']] : undefined;
  if (!names || secretMembers.some((name) => Object.hasOwn(jwk, name))) return undefined;
  const key: Record<string, string> = {};
  for (const name of names) {
    const value = jwk[name];
    if (typeof value !== 'string' || value === '' || value.length > 1024) return undefined;
    if (name !== 'kty' && name !== 'crv' && !decode(value)) return undefined;
    key[name] = value;
  }
  return isTooLarge(key) ? undefined : key;
}

function isTooLarge({ n = '', e = '' }: PublicJwk): boolean {
  return Buffer.byteLength(n, 'base64url') > longestModulus || Buffer.byteLength(e, 'base64url') > longestExponent;
}

/** base64url of SHA-256 over the required members (RFC 7638 §3). */
export function jwkThumbprint(key: PublicJwk): string {
  const names = members[key['kty'] ?? ''] ?? [];
  const canonical = JSON.stringify(Object.fromEntries(names.map((name) => [name, key[name]])));
  return createHash('sha256').update(canonical).digest('base64url');
}

/** The shape of a thumbprint: 256 bits in base64url. */
export function isThumbprint(text: string): boolean {
  return text.length === 43 && decode(text) !== undefined;
}
