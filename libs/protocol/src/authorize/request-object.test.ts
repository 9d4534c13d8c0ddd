import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { client, headerOf, protocolFakes, testIssuer, testKeys } from '@authority/testing/protocol';
import fc from 'fast-check';
import { CompactEncrypt, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { readRequestObject } from './request-object.ts';

const fakes = protocolFakes();
const { now } = fakes.clock;
const seconds = now / 1000;
const key = createPrivateKey({ key: { ...testKeys.clientES256 }, format: 'jwk' });
const publicOf = (jwk: object): Record<string, unknown> => ({
  ...createPublicKey(createPrivateKey({ key: { ...jwk }, format: 'jwk' })).export({ format: 'jwk' }),
});
const app = client({ jwks: { keys: [{ ...publicOf(testKeys.clientES256), kid: 'one' }, publicOf(testKeys.clientRS256)] } });

const usual = { iss: 'app', aud: testIssuer, client_id: 'app', response_type: 'code', exp: seconds + 60, iat: seconds, nbf: seconds };
const sign = (changes: object = {}, header: Record<string, unknown> = {}, by = key): Promise<string> =>
  new SignJWT({ ...usual, ...changes }).setProtectedHeader({ alg: 'ES256', ...header }).sign(by);
const read = (object: string, of = app, at = now) => readRequestObject(object, of, fakes, at);
const seal = (inner: string, header: Record<string, unknown> = {}): Promise<string> =>
  new CompactEncrypt(new TextEncoder().encode(inner))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', cty: 'JWT', ...header })
    .encrypt(fakes.decryptionKeys.publicKey('EC'));
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

test('RFC 9101 §4: claims are parameters: text, numbers, JSON, lists of resources; those of the JWT are none', async () => {
  const claims = { id_token: { acr: { essential: true } } };
  const object = await sign({ scope: 'openid', max_age: 5, claims, resource: ['https://a.test', 'https://b.test'], nonce: null, jti: '1' });
  expect(await read(object)).toEqual([
    { name: 'client_id', value: 'app' },
    { name: 'response_type', value: 'code' },
    { name: 'scope', value: 'openid' },
    { name: 'max_age', value: '5' },
    { name: 'claims', value: JSON.stringify(claims) },
    { name: 'resource', value: 'https://a.test' },
    { name: 'resource', value: 'https://b.test' },
  ]);
});

test.each(['oauth-authz-req+jwt', 'application/oauth-authz-req+jwt', 'JWT', undefined])(
  'RFC 9101 §10.8: typ %j is a request object',
  async (typ) => {
    const object = await sign({}, typ === undefined ? {} : { typ });
    expect(headerOf(object)['typ']).toBe(typ);
    expect(await read(object)).toHaveLength(2);
  },
);

test('RFC 9101 §6.1: signed, then encrypted for this server', async () => {
  expect(await read(await seal(await sign()))).toHaveLength(2);
  const registered = { ...app, request_object_encryption_alg: 'ECDH-ES', request_object_encryption_enc: 'A256GCM' };
  expect(await read(await seal(await sign()), registered)).toHaveLength(2);
  expect(await read(await sign(), registered), 'OpenID Connect Registration §2: unencrypted stays possible').toHaveLength(2);
  const other = { ...registered, request_object_encryption_alg: 'RSA-OAEP-256' };
  await expect(read(await seal(await sign()), other)).rejects.toMatchObject({ reason: 'request_object_not_decrypted' });
});

test('RFC 9101 §4: an object that is encrypted only, or twice, is refused', async () => {
  const unsigned = `${part({ alg: 'none' })}.${part(usual)}.`;
  for (const inner of [JSON.stringify(usual), unsigned, await seal(await sign())]) {
    await expect(read(await seal(inner))).rejects.toMatchObject({ error: 'invalid_request_object', reason: 'request_object_invalid' });
  }
});

test('RFC 9101 §10.5: the registered algorithm is the only one', async () => {
  const registered = { ...app, request_object_signing_alg: 'RS256' };
  const rsa = createPrivateKey({ key: { ...testKeys.clientRS256 }, format: 'jwk' });
  expect(await read(await sign({}, { alg: 'RS256' }, rsa), registered)).toHaveLength(2);
  for (const object of [await sign(), await sign({}, { alg: 'PS256' }, rsa)]) {
    await expect(read(object, registered)).rejects.toMatchObject({ reason: 'request_object_invalid' });
  }
});

const secretKey = createPublicKey(key).export({ format: 'pem', type: 'spki' });
const attacks: readonly (readonly [string, () => Promise<string>, string])[] = [
  ['RFC 8725 §3.1: not signed at all', async () => `${part({ alg: 'none' })}.${part(usual)}.`, 'request_object_invalid'],
  ['RFC 8725 §3.1: alg nOnE', async () => `${part({ alg: 'nOnE' })}.${part(usual)}.AAAA`, 'request_object_invalid'],
  [
    'RFC 8725 §2.1: an HMAC under the public key',
    () => new SignJWT(usual).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secretKey)),
    'request_object_invalid',
  ],
  [
    'RFC 8725 §3.2: signed by another key',
    async () => sign({}, {}, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
    'request_object_signature_wrong',
  ],
  [
    'RFC 8725 §3.2: with its key in the header',
    () => sign({}, { jwk: publicOf(testKeys.otherES256) }, createPrivateKey({ key: { ...testKeys.otherES256 }, format: 'jwk' })),
    'request_object_signature_wrong',
  ],
  [
    'RFC 8725 §3.2: with a jku',
    () => sign({}, { jku: 'https://evil.test/jwks' }, createPrivateKey({ key: { ...testKeys.otherES256 }, format: 'jwk' })),
    'request_object_signature_wrong',
  ],
  [
    'RFC 7515 §4.1.11: with a critical extension',
    async () => (await sign()).replace(/^[^.]+/, part({ alg: 'ES256', crit: ['x'], x: 1 })),
    'request_object_invalid',
  ],
  ['RFC 8725 §3.11: an access token', () => sign({}, { typ: 'at+jwt' }), 'request_object_invalid'],
  ['RFC 8725 §3.11: a DPoP proof', () => sign({}, { typ: 'dpop+jwt' }), 'request_object_invalid'],
  ['RFC 9101 §10.8: a client assertion', () => sign({ sub: 'app' }), 'request_object_invalid'],
  ['RFC 9101 §4: of another issuer', () => sign({ iss: 'other' }), 'request_object_invalid'],
  ['RFC 9101 §4: without iss', () => sign({ iss: undefined as never }), 'request_object_invalid'],
  ['RFC 9101 §5: of another client_id', () => sign({ client_id: 'other' }), 'request_object_invalid'],
  ['RFC 9101 §4: without client_id', () => sign({ client_id: undefined }), 'request_object_invalid'],
  ['RFC 9101 §4: for another server', () => sign({ aud: 'https://other.test' }), 'request_object_audience_wrong'],
  ['RFC 9101 §4: without aud', () => sign({ aud: undefined as never }), 'request_object_audience_wrong'],
  ['RFC 9101 §4: with request inside', () => sign({ request: 'a.b.c' }), 'request_object_invalid'],
  ['RFC 9101 §4: with request_uri inside', () => sign({ request_uri: 'urn:x' }), 'request_object_invalid'],
  ['RFC 7519 §4.1.4: expired', () => sign({ exp: seconds - 31 }), 'request_object_expired'],
  ['RFC 7519 §4.1.5: not valid yet', () => sign({ nbf: seconds + 31 }), 'request_object_expired'],
  ['RFC 7519 §4.1.6: issued in the future', () => sign({ iat: seconds + 31 }), 'request_object_expired'],
  ['RFC 7519 §4.1.4: with an exp that is no number', () => sign({ exp: '9' as never }), 'request_object_invalid'],
  ['RFC 9101 §4: with an object where text belongs', () => sign({ state: { a: 1 } }), 'request_object_invalid'],
  ['RFC 9101 §4: with a list where text belongs', () => sign({ redirect_uri: ['https://a.test'] }), 'request_object_invalid'],
  ['RFC 9101 §4: with a flag where text belongs', () => sign({ prompt: true }), 'request_object_invalid'],
  ['RFC 8725 §3.10: too long', () => sign({ state: 'x'.repeat(40_000) }), 'request_object_invalid'],
];
test.each(attacks)('%s, a request object is invalid_request_object', async (_title, make, reason) => {
  await expect(read(await make())).rejects.toMatchObject({ error: 'invalid_request_object', reason });
});

test('RFC 9101 §4: several audiences are one too many for nobody: ours is among them', async () => {
  expect(await read(await sign({ aud: ['https://other.test', testIssuer] }))).toHaveLength(2);
});

test('RFC 9101 §6: whatever is sent is a refusal of the protocol, never a fault', async () => {
  const json = fc.dictionary(fc.string(), fc.jsonValue());
  const anything = fc.oneof(
    fc.string(),
    fc.tuple(json, json, fc.base64String()).map(([header, payload, end]) => `${part(header)}.${part(payload)}.${end}`),
    fc.array(fc.base64String(), { minLength: 4, maxLength: 6 }).map((parts) => parts.join('.')),
    fc
      .tuple(json, fc.array(fc.base64String(), { minLength: 4, maxLength: 4 }))
      .map(([header, rest]) => [part({ alg: 'ECDH-ES', enc: 'A256GCM', ...header }), ...rest].join('.')),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (object) => {
      await expect(read(object)).rejects.toMatchObject({ error: 'invalid_request_object' });
    }),
    { numRuns: 200 },
  );
});

test('RFC 9101 §4: whatever a client signs is read as parameters or refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (claims) => {
      const object = await new SignJWT({ ...(claims as object), ...usual }).setProtectedHeader({ alg: 'ES256' }).sign(key);
      const found = await read(object).catch((error: unknown) => {
        expect(error).toMatchObject({ error: 'invalid_request_object' });
        return [];
      });
      for (const { name, value } of found) expect([typeof name, typeof value]).toEqual(['string', 'string']);
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['without exp', { exp: undefined }],
  ['without nbf', { nbf: undefined }],
  ['with exp more than an hour after nbf', { exp: seconds + 3_601 }],
  ['with nbf more than an hour ago', { nbf: seconds - 3_601, exp: seconds - 1 }],
])('FAPI 2.0 Message Signing §5.3.1: under the profile an object %s is refused, elsewhere the client decides', async (_what, changes) => {
  const object = await sign(changes);
  await expect(read(object, { ...app, profile: 'fapi2-security' })).rejects.toMatchObject({
    error: 'invalid_request_object',
    reason: 'profile_refused',
  });
  expect(await read(object)).toHaveLength(2);
});
