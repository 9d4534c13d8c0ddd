import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { verifiesWithAny } from './signature.ts';

type Key = Record<string, unknown>;
type Pair = { publicKey: KeyObject; privateKey: KeyObject };

const rsa = (modulusLength: number): Pair => generateKeyPairSync('rsa', { modulusLength });
const ec = (namedCurve: string): Pair => generateKeyPairSync('ec', { namedCurve });
const pairs = { RSA: rsa(2048), 'P-256': ec('P-256'), 'P-384': ec('P-384'), 'P-521': ec('P-521') };

const publicJwk = ({ publicKey }: Pair, more: Key = {}): Key => ({ ...publicKey.export({ format: 'jwk' }), ...more });
const digest = (alg: string): string => `sha${alg.slice(2)}`;

/** A JWS over a header, by hand: whatever the key is, the mathematics of the algorithm are done with it. */
function jws(alg: string, { privateKey }: Pair): string {
  const input = [{ alg }, { sub: 'ada' }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const pss = { padding: 6, saltLength: -1 }; // RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' as const, ...(alg.startsWith('PS') && pss) };
  return `${input}.${sign(digest(alg), Buffer.from(input), key).toString('base64url')}`;
}

const verifies = (alg: string, pair: Pair, keys: readonly Key[]): Promise<boolean> => verifiesWithAny(jws(alg, pair), { alg }, keys);

test.each([
  ['ES256', 'P-256', 'P-384'],
  ['ES384', 'P-384', 'P-521'],
  ['ES512', 'P-521', 'P-256'],
] as const)('RFC 7518 §3.4: %s is by a key on its own curve', async (alg, own, other) => {
  expect(await verifies(alg, pairs[own], [publicJwk(pairs[own])])).toBe(true);
  expect(await verifies(alg, pairs[other], [publicJwk(pairs[other])])).toBe(false);
});

test('RFC 7518 §3.3, §3.5: an RSA key of less than 2048 bits verifies nothing', async () => {
  const short = rsa(1024);
  for (const alg of ['RS256', 'PS256']) {
    expect(await verifies(alg, pairs.RSA, [publicJwk(pairs.RSA)])).toBe(true);
    expect(await verifies(alg, short, [publicJwk(short)])).toBe(false);
  }
});

test.each([
  ['RS256', 'PS256', 'RSA'],
  ['PS256', 'RS256', 'RSA'],
  ['ES256', 'RS256', 'RSA'],
] as const)('RFC 7517 §4.4: a key of %s signs no %s', async (own, alg, type) => {
  expect(await verifies(alg, pairs[type], [publicJwk(pairs[type], { alg })])).toBe(true);
  expect(await verifies(alg, pairs[type], [publicJwk(pairs[type], { alg: own })])).toBe(false);
});

test('RFC 7517 §4.2: a key for encryption signs nothing', async () => {
  const key = publicJwk(pairs['P-256']);
  expect(await verifies('ES256', pairs['P-256'], [{ ...key, use: 'sig' }])).toBe(true);
  expect(await verifies('ES256', pairs['P-256'], [{ ...key, use: 'enc' }])).toBe(false);
  expect(await verifies('ES256', pairs['P-256'], [{ ...key, key_ops: ['deriveKey'] }])).toBe(false);
});

describe('a key set', () => {
  const key = publicJwk(pairs['P-256']);

  test('RFC 7517 §5: keys that are not understood do no harm to those beside them', async () => {
    const strange = [{}, { kty: 'XYZ' }, { kty: 'EC' }, { ...key, crv: 'secp256k1' }, { ...key, x: 'AAAA' }, { kty: 'oct', k: 'AAAA' }];
    expect(await verifies('ES256', pairs['P-256'], [...strange, key])).toBe(true);
    expect(await verifies('ES256', pairs['P-256'], strange)).toBe(false);
  });

  test('house.md: so many keys are tried for one signature, and no more', async () => {
    const others = Array.from({ length: 8 }, () => publicJwk(ec('P-256')));
    expect(await verifies('ES256', pairs['P-256'], [...others, key])).toBe(false);
    expect(await verifies('ES256', pairs['P-256'], [...others.slice(1), key])).toBe(true);
  });
});
