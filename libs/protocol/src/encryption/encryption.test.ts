import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { client, protocolFakes, testKeys } from '@authority/testing/protocol';
import { CompactEncrypt, compactDecrypt, type CompactJWEHeaderParameters } from 'jose';
import { expect, test } from 'vitest';
import { contentEncryptionAlgorithms, encryptionAlgorithms } from './algorithms.ts';
import { decrypt } from './decrypt.ts';
import { encrypt, encryptionOf, recipientFor } from './encrypt.ts';

const { decryptionKeys: keys, clientKeys } = protocolFakes();
const anything = { alg: undefined, enc: undefined };
const bytes = new TextEncoder().encode('a.b.c');

const jwe = (header: Partial<CompactJWEHeaderParameters> = {}, type: 'RSA' | 'EC' = 'EC', content = bytes): Promise<string> =>
  new CompactEncrypt(content).setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', ...header }).encrypt(keys.publicKey(type));

/** The same JWE under another header; what is authenticated no longer fits, but that is not what must refuse it. */
function reheaded(token: string, changes: Record<string, unknown>): string {
  const [header = '', ...rest] = token.split('.');
  const parsed = { ...JSON.parse(Buffer.from(header, 'base64url').toString()), ...changes };
  return [Buffer.from(JSON.stringify(parsed)).toString('base64url'), ...rest].join('.');
}

test.each(encryptionAlgorithms.flatMap((alg) => contentEncryptionAlgorithms.map((enc) => [alg, enc] as const)))(
  'RFC 7516 §5.2: %s with %s is opened',
  async (alg, enc) => {
    expect(await decrypt(await jwe({ alg, enc }, alg.startsWith('RSA') ? 'RSA' : 'EC'), keys, anything)).toBe('a.b.c');
  },
);

test('RFC 7516 §4.1.6: kid names the key; another kid opens nothing', async () => {
  expect(await decrypt(await jwe({ kid: keys.kid.EC }), keys, anything)).toBe('a.b.c');
  expect(await decrypt(await jwe({ kid: 'other' }), keys, anything)).toBeUndefined();
});

test('RFC 8725 §3.1: what the client registered is what is taken', async () => {
  const token = await jwe();
  expect(await decrypt(token, keys, { alg: 'ECDH-ES', enc: 'A256GCM' })).toBe('a.b.c');
  expect(await decrypt(token, keys, { alg: 'RSA-OAEP-256', enc: undefined })).toBeUndefined();
  expect(await decrypt(token, keys, { alg: undefined, enc: 'A128GCM' })).toBeUndefined();
});

const refused: readonly (readonly [string, Record<string, unknown>])[] = [
  ['RFC 8725 §3.6: compression', { zip: 'DEF' }],
  ['RFC 8725 §3.2: a password with an endless count', { alg: 'PBES2-HS512+A256KW', p2c: 2_147_483_647, p2s: 'AAAA' }],
  ['RFC 8725 §3.2: a count beside another algorithm', { p2c: 1 }],
  ['RFC 8725 §3.2: RSA1_5', { alg: 'RSA1_5' }],
  ['RFC 8725 §3.2: RSA-OAEP, which is over SHA-1', { alg: 'RSA-OAEP' }],
  ['RFC 8725 §3.2: a direct key', { alg: 'dir' }],
  ['RFC 8725 §3.2: a key wrap under a secret', { alg: 'A256KW' }],
  ['RFC 8725 §3.1: another spelling', { alg: 'ecdh-es' }],
  ['RFC 8725 §3.1: no content encryption', { enc: 'none' }],
  ['RFC 7516 §4.1.13: a critical extension', { crit: ['exp'], exp: 1 }],
  ['RFC 7519 §5.2: content that is no JWT', { cty: 'image/png' }],
  ['RFC 7516 §4.1.6: a kid that is no text', { kid: 1 }],
];
test.each(refused)('%s is not opened', async (_title, changes) => {
  const asked: string[] = [];
  const watched = {
    find(alg: string) {
      asked.push(alg);
      return keys.find('ECDH-ES', undefined);
    },
  };
  expect(await decrypt(reheaded(await jwe(), changes), watched, anything)).toBeUndefined();
  expect(asked, 'refused before any key is touched').toEqual([]);
});

test('RFC 8725 §3.6: a real compressed JWE is not inflated', async () => {
  const bomb = new Uint8Array(1_000_000);
  const token = await jwe({ zip: 'DEF' }, 'EC', bomb).catch(() => jwe());
  expect(await decrypt(reheaded(token, { zip: 'DEF' }), keys, anything)).toBeUndefined();
});

test('RFC 8725 §3.4: a point off the curve, or of another one, opens nothing', async () => {
  const token = await jwe();
  const off = { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' };
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
  const x25519 = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
  for (const epk of [off, other, x25519, {}, 'x', null]) expect(await decrypt(reheaded(token, { epk }), keys, anything)).toBeUndefined();
});

test('RFC 7516 §9: what is damaged, too long or no JWE opens nothing', async () => {
  const token = await jwe();
  const long = await jwe({}, 'EC', new Uint8Array(40_000));
  for (const bad of ['', '.', '....', 'a.b.c', `${token}.x`, token.slice(0, -4), token.replace('.', '..'), long, `ey${token}`]) {
    expect(await decrypt(bad, keys, anything)).toBeUndefined();
  }
});

test('RFC 7516 §5.2: what is inside is UTF-8, or nothing', async () => {
  expect(await decrypt(await jwe({}, 'EC', Uint8Array.of(0xff, 0xfe)), keys, anything)).toBeUndefined();
});

const rsa = { ...createPublicKey(createPrivateKey({ key: { ...testKeys.clientRS256 }, format: 'jwk' })).export({ format: 'jwk' }) };
const ec = { ...createPublicKey(createPrivateKey({ key: { ...testKeys.clientES256 }, format: 'jwk' })).export({ format: 'jwk' }) };

test('RFC 7519 §5.2: what is encrypted for a client says that a JWT is inside, and whose key it needs', async () => {
  const encryption = encryptionOf('RSA-OAEP-256', undefined);
  if (!encryption) throw new Error('an alg is an encryption');
  const keySet = {
    keys: [
      { ...rsa, kid: 'sig', use: 'sig' },
      { ...ec, kid: 'ec' },
      { ...rsa, kid: 'enc', use: 'enc' },
    ],
  };
  const recipient = await recipientFor(client({ jwks: keySet }), encryption, clientKeys);
  const opened = await compactDecrypt(
    await encrypt('a.b.c', recipient, 'JWT'),
    createPrivateKey({ key: { ...testKeys.clientRS256 }, format: 'jwk' }),
  );
  expect(opened.protectedHeader).toEqual({ alg: 'RSA-OAEP-256', enc: 'A128CBC-HS256', kid: 'enc', cty: 'JWT' });
  expect(new TextDecoder().decode(opened.plaintext)).toBe('a.b.c');
});

test('RFC 7518 §4.6: key agreement with an EC key of the client', async () => {
  for (const alg of ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW']) {
    const recipient = await recipientFor(client({ jwks: { keys: [rsa, ec] } }), { alg, enc: 'A256GCM' }, clientKeys);
    const { plaintext } = await compactDecrypt(
      await encrypt('{}', recipient),
      createPrivateKey({ key: { ...testKeys.clientES256 }, format: 'jwk' }),
    );
    expect(new TextDecoder().decode(plaintext)).toBe('{}');
  }
});

test('RFC 7517 §4.2: a client without a key that fits gets an error, nothing in the clear; a key that is no key likewise', async () => {
  const missing = { error: 'invalid_client', reason: 'client_encryption_key_missing' };
  const encryption = { alg: 'ECDH-ES', enc: 'A256GCM' };
  for (const key of [rsa, { ...ec, use: 'sig' }, { ...ec, alg: 'ES256' }, { kty: 'OKP', crv: 'Ed25519', x: testKeys.EdDSA.x }]) {
    await expect(recipientFor(client({ jwks: { keys: [key] } }), encryption, clientKeys)).rejects.toMatchObject(missing);
  }
  await expect(encrypt('{}', { ...encryption, key: { ...ec, x: 'AAAA' } })).rejects.toMatchObject(missing);
});

test('RFC 7517 §5: a key that was published since is asked for once more', async () => {
  const fakes = protocolFakes();
  fakes.clientKeys.published.set('https://app.example.test/jwks', { keys: [ec] });
  const rotated = client({ jwks_uri: 'https://app.example.test/jwks' });
  expect((await recipientFor(rotated, { alg: 'ECDH-ES', enc: 'A256GCM' }, fakes.clientKeys)).key).toEqual(ec);
  expect(fakes.clientKeys.refreshes).toBe(1);
});
