import { testKeys } from '@authority/testing/protocol';
import { calculateJwkThumbprint } from 'jose';
import { expect, test } from 'vitest';
import { isThumbprint, jwkThumbprint, type PublicJwk, readPublicJwk } from './jwk-thumbprint.ts';

function key(jwk: Record<string, unknown>): PublicJwk {
  const read = readPublicJwk(jwk);
  if (!read) throw new Error('the key was not read');
  return read;
}

/** RFC 7638 §3.1, the example. */
const example = {
  kty: 'RSA',
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
  alg: 'RS256',
  kid: '2011-04-29',
};

test('RFC 7638 §3.1: the example has its thumbprint', () => {
  expect(jwkThumbprint(key(example))).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
});

test('RFC 7638 §3.2: only required members count, in the order of their names', async () => {
  for (const { d: _, ...full } of [testKeys.ES256, testKeys.EdDSA]) {
    expect(jwkThumbprint(key({ use: 'sig', kid: 'x', ...full }))).toBe(await calculateJwkThumbprint({ ...full }));
  }
});

const { d: _d, ...ec } = testKeys.ES256;
test.each<[string, Record<string, unknown>]>([
  ['RFC 9449 §4.3: a private EC key', { ...testKeys.ES256 }],
  ['RFC 9449 §4.3: a private RSA key', { ...testKeys.RS256 }],
  ['RFC 9449 §4.3: a private member that is empty', { ...ec, d: '' }],
  ['RFC 9449 §4.3: a symmetric key', { kty: 'oct', k: 'AAAA' }],
  ['RFC 9449 §4.3: a symmetric member beside a public key', { ...ec, k: 'AAAA' }],
  ['RFC 7517 §4.1: no kty', { crv: 'P-256', x: ec.x, y: ec.y }],
  ['RFC 7517 §4.1: a kty of the prototype', { ...ec, kty: 'constructor' }],
  ['RFC 7518 §6.2.1: no y', { kty: 'EC', crv: 'P-256', x: ec.x }],
  ['RFC 7518 §6.2.1: an x that is no text', { ...ec, x: 1 }],
  ['RFC 7515 §2: an x in the other alphabet', { ...ec, x: `${ec.x.slice(0, -2)}+/` }],
  ['RFC 7515 §2: an x with padding', { ...ec, x: `${ec.x}=` }],
  ['performance: a modulus of 8192 bits', { kty: 'RSA', e: 'AQAB', n: 'A'.repeat(1023) }],
  ['performance: an exponent as long as the modulus', { kty: 'RSA', e: example.n, n: example.n }],
])('%s is no public key', (_title, jwk) => {
  expect(readPublicJwk(jwk)).toBeUndefined();
});

test('RFC 9449 §10: the shape of a thumbprint', () => {
  expect(isThumbprint('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')).toBe(true);
  for (const text of ['', 'short', `${'A'.repeat(42)}=`, 'A'.repeat(44), 'é'.repeat(43)]) expect(isThumbprint(text), text).toBe(false);
});
