import { client, exchange, type Pairs, type ProtocolFakes, protocolFakes, secret, testIssuer, testKeys } from '@authority/testing/protocol';
import { createPublicKey } from 'node:crypto';
import { type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { expect, test } from 'vitest';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const publicKey = (key: object): Record<string, unknown> => ({
  ...createPublicKey({ key: { ...key }, format: 'jwk' }).export({ format: 'jwk' }),
});
const jwks = { keys: [{ ...publicKey(testKeys.clientES256), kid: 'k1' }, publicKey(testKeys.clientRS256)] };

function setup(changes = {}): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client({ token_endpoint_auth_method: 'private_key_jwt', jwks, ...changes }));
  return fakes;
}

interface Assertion {
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  key?: object;
}

function sign(fakes: ProtocolFakes, { claims = {}, header = {}, key = testKeys.clientES256 }: Assertion = {}): Promise<string> {
  const now = Math.floor(fakes.clock.now / 1000);
  const all = { iss: 'app', sub: 'app', aud: testIssuer, jti: 'one', iat: now, exp: now + 60, ...claims };
  const jwt = new SignJWT(all).setProtectedHeader({ alg: 'ES256', ...header });
  return jwt.sign({ ...key } as JWK);
}

function authenticate(fakes: ProtocolFakes, client_assertion: string, more: Pairs = {}) {
  return exchange(fakes, { grant_type: 'client_credentials', client_assertion, client_assertion_type: assertionType, ...more }, '');
}

async function refused(fakes: ProtocolFakes, assertion: string, reason: string, more: Pairs = {}): Promise<void> {
  await expect(authenticate(fakes, assertion, more)).rejects.toMatchObject({ error: 'invalid_client', reason });
}

test('RFC 7523 §2.2: a client authenticates by a JWT that it signed', async () => {
  const fakes = setup();
  await expect(authenticate(fakes, await sign(fakes))).resolves.toMatchObject({ token_type: 'Bearer' });
  const second = await sign(fakes, { claims: { jti: 'two', aud: [testIssuer] }, header: { kid: 'k1', typ: 'client-authentication+jwt' } });
  await expect(authenticate(fakes, second, { client_id: 'app' })).resolves.toMatchObject({ token_type: 'Bearer' });
  const third = await sign(fakes, { claims: { jti: 'three' }, header: { alg: 'PS256' }, key: testKeys.clientRS256 });
  await expect(authenticate(fakes, third)).resolves.toMatchObject({ token_type: 'Bearer' });
});

test('RFC 7523 §3: an assertion is used once, on all replicas', async () => {
  const fakes = setup();
  const assertion = await sign(fakes);
  await authenticate(fakes, assertion);
  await refused(fakes, assertion, 'client_assertion_replayed');
  expect([...fakes.replayMarks.marks]).toEqual([['client_assertion/app:one', fakes.clock.now + 90_000]]);
});

test.each<[string, unknown]>([
  ['the token endpoint', `${testIssuer}/oauth2/token`],
  ['the issuer and another', [testIssuer, 'https://other.example.test']],
  ['the issuer with a slash', `${testIssuer}/`],
  ['none', undefined],
  ['an empty list', []],
])('RFC 10070: an assertion for %s is refused', async (_what, aud) => {
  const fakes = setup();
  await refused(fakes, await sign(fakes, { claims: { aud } }), 'client_assertion_audience_wrong');
});

test('RFC 10070: a client marked as old may name the token endpoint, alone', async () => {
  const fakes = setup({ legacyAssertionAudience: true });
  const aud = `${testIssuer}/oauth2/token`;
  await expect(authenticate(fakes, await sign(fakes, { claims: { aud } }))).resolves.toMatchObject({ token_type: 'Bearer' });
  await refused(fakes, await sign(fakes, { claims: { aud: [aud, testIssuer], jti: 'two' } }), 'client_assertion_audience_wrong');
});

test.each<[string, Assertion, string]>([
  ['that has expired', { claims: { exp: 1 } }, 'client_assertion_expired'],
  ['without end', { claims: { exp: undefined } }, 'client_assertion_invalid'],
  ['of a day', { claims: { exp: 1_767_225_600 + 86_400 } }, 'client_assertion_invalid'],
  ['from the future', { claims: { iat: 1_767_225_600 + 600 } }, 'client_assertion_invalid'],
  ['not yet valid', { claims: { nbf: 1_767_225_600 + 600 } }, 'client_assertion_invalid'],
  ['without jti', { claims: { jti: undefined } }, 'client_assertion_invalid'],
  ['with a jti of numbers', { claims: { jti: 1 } }, 'client_assertion_invalid'],
  ['by another issuer', { claims: { iss: 'other' } }, 'client_assertion_invalid'],
  ['by another key', { key: testKeys.otherES256 }, 'client_assertion_invalid'],
  ['by a key under the wrong kid', { header: { kid: 'k2' } }, 'client_assertion_invalid'],
  ['typed as an access token', { header: { typ: 'at+jwt' } }, 'client_assertion_invalid'],
  ['with a critical extension', { header: { b64: true, crit: ['b64'] } }, 'client_assertion_invalid'],
])('RFC 7523 §3: an assertion %s is refused, and marks nothing', async (_what, assertion, reason) => {
  const fakes = setup();
  await refused(fakes, await sign(fakes, assertion), reason);
  expect(fakes.replayMarks.marks.size).toBe(0);
});

test('RFC 8725 §2.1: alg none, and HMAC by the public key, are refused', async () => {
  const fakes = setup();
  const now = Math.floor(fakes.clock.now / 1000);
  const claims = { iss: 'app', sub: 'app', aud: testIssuer, jti: 'one', iat: now, exp: now + 60 };
  await refused(fakes, `${new UnsecuredJWT(claims).encode()}`, 'client_assertion_invalid');
  await refused(fakes, `${new UnsecuredJWT(claims).encode()}AAAA`, 'client_assertion_invalid');
  const pem = createPublicKey({ key: { ...testKeys.clientRS256 }, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
  const confused = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(pem));
  await refused(fakes, confused, 'client_authentication_method_wrong');
});

test('RFC 7521 §4.2: type and assertion come together, and of the right kind', async () => {
  const fakes = setup();
  const assertion = await sign(fakes);
  await refused(fakes, assertion, 'client_assertion_invalid', {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
  });
  await refused(fakes, assertion, 'client_assertion_invalid', { client_assertion_type: undefined });
  await refused(fakes, '', 'client_assertion_invalid');
  for (const malformed of ['x', 'a.b.c', '..', 'a.b.c.d', 'x'.repeat(20_000)]) await refused(fakes, malformed, 'client_assertion_invalid');
});

test('RFC 7521 §4.2: client_id beside an assertion is its subject', async () => {
  const fakes = setup();
  const other = authenticate(fakes, await sign(fakes), { client_id: 'other' });
  await expect(other).rejects.toMatchObject({ error: 'invalid_request', reason: 'client_authentication_repeated' });
});

test('RFC 7523 §3: a client of another method cannot use a key', async () => {
  const fakes = protocolFakes();
  fakes.clients.add(client({ jwks }), secret);
  await refused(fakes, await sign(fakes), 'client_authentication_method_wrong');
});

test('house.md: a store that is lost between the look and the mark lets no used assertion in', async () => {
  const fakes = setup();
  const now = Math.floor(fakes.clock.now / 1000);
  const marks = fakes.replayMarks;
  const markOnce = marks.markOnce.bind(marks);
  marks.markOnce = (...mark: Parameters<typeof markOnce>) => {
    // The store came back empty: a new epoch, in which this mark is the first.
    marks.epoch = fakes.clock.now;
    return markOnce(...mark);
  };
  await refused(fakes, await sign(fakes, { claims: { iat: now - 20 } }), 'client_assertion_before_epoch');
});

test('house.md: an assertion from before the epoch is refused, one without iat counts as old', async () => {
  const fakes = setup();
  fakes.replayMarks.epoch = fakes.clock.now - 10_000;
  const now = Math.floor(fakes.clock.now / 1000);
  await refused(fakes, await sign(fakes, { claims: { iat: now - 20 } }), 'client_assertion_before_epoch');
  await refused(fakes, await sign(fakes, { claims: { iat: undefined } }), 'client_assertion_before_epoch');
  await expect(authenticate(fakes, await sign(fakes))).resolves.toMatchObject({ token_type: 'Bearer' });
});

test('OpenID Connect Core §10.1.1: a key that is not in the fetched set is looked for once more', async () => {
  const fakes = setup({ jwks: undefined, jwks_uri: 'https://app.example.test/jwks' });
  fakes.clientKeys.published.set('https://app.example.test/jwks', jwks);
  await expect(authenticate(fakes, await sign(fakes))).resolves.toMatchObject({ token_type: 'Bearer' });
  expect(fakes.clientKeys.refreshes).toBe(1);
});
