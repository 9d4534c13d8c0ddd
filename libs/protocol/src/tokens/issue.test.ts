import { createHash } from 'node:crypto';
import {
  basic,
  claimsOf,
  client,
  codeRequest,
  exchange,
  type FakeSigningKeys,
  headerOf,
  obtainCode,
  obtainTokens,
  protocolFakes,
  secret,
  signIn,
  sub,
  testIssuer,
} from '@authority/testing/protocol';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { expect, test } from 'vitest';
import type { SigningAlgorithm } from '../model/client.ts';

const api = 'https://api.example.test';

function setup(changes = {}) {
  const fakes = protocolFakes();
  fakes.clients.add(client(changes), secret);
  fakes.clients.add(client({ client_id: 'api', resourceIdentifier: api }), secret);
  return fakes;
}

function jwksOf(keys: FakeSigningKeys) {
  return createLocalJWKSet(keys.jwks() as unknown as JSONWebKeySet); // JWKs by their own type; jose reads them as JSON
}

test('RFC 9068 §2: an access token is a JWT of its own kind that jose verifies', async () => {
  const fakes = setup();
  const { access_token, expires_in, token_type } = await obtainTokens(fakes, { scope: 'openid profile' });
  expect(headerOf(access_token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: 'test-ES256' });
  expect({ expires_in, token_type }).toEqual({ expires_in: 300, token_type: 'Bearer' });
  const currentDate = new Date(fakes.clock.now);
  const { payload } = await jwtVerify(access_token, jwksOf(fakes.signingKeys), {
    issuer: testIssuer,
    audience: testIssuer,
    typ: 'at+jwt',
    currentDate,
  });
  const { jti, ...claims } = payload;
  expect(claims).toEqual({
    iss: testIssuer,
    sub,
    aud: testIssuer,
    client_id: 'app',
    scope: 'openid profile',
    iat: fakes.clock.now / 1000,
    exp: fakes.clock.now / 1000 + 300,
    sid: 's_session-1',
    auth_time: fakes.clock.now / 1000,
    acr: 'urn:authority:pwd',
    amr: ['pwd'],
  });
  expect(jti).toMatch(/^g_[\w-]{24}\.[\w-]{22}$/);
});

test('house.md: jti begins with the public id of the grant', async () => {
  const fakes = setup();
  const { access_token } = await obtainTokens(fakes);
  expect(String(claimsOf(access_token)['jti']).split('.')[0]).toBe(fakes.grants.rows[0]?.grant.grant_id);
});

test.each<[SigningAlgorithm, string]>([
  ['RS256', 'sha256'],
  ['ES256', 'sha256'],
  ['EdDSA', 'sha512'],
  ['PS256', 'sha256'],
])('OpenID Connect Core §3.1.3.6: an ID Token by %s has the at_hash of its algorithm', async (alg, hash) => {
  const fakes = setup({ id_token_signed_response_alg: alg });
  const { id_token, access_token } = await obtainTokens(fakes, { nonce: 'n-1' });
  expect(headerOf(id_token)).toEqual({ alg, typ: 'JWT', kid: `test-${alg}` });
  const { payload } = await jwtVerify(id_token, jwksOf(fakes.signingKeys), {
    issuer: testIssuer,
    audience: 'app',
    currentDate: new Date(fakes.clock.now),
  });
  const digest = createHash(hash).update(access_token).digest();
  expect(payload).toEqual({
    iss: testIssuer,
    sub,
    aud: 'app',
    iat: fakes.clock.now / 1000,
    exp: fakes.clock.now / 1000 + 3600,
    nonce: 'n-1',
    acr: 'urn:authority:pwd',
    amr: ['pwd'],
    sid: 's_session-1',
    at_hash: digest.subarray(0, digest.length / 2).toString('base64url'),
  });
});

test('OpenID Connect Core §2: auth_time is there when max_age was asked or the client requires it', async () => {
  const asked = setup();
  const when = asked.clock.now / 1000;
  expect(claimsOf((await obtainTokens(asked, { max_age: '100' })).id_token)).toMatchObject({ auth_time: when });
  const required = setup({ require_auth_time: true });
  expect(claimsOf((await obtainTokens(required)).id_token)).toMatchObject({ auth_time: when });
  expect(claimsOf((await obtainTokens(setup())).id_token)).not.toHaveProperty('auth_time');
});

test('OpenID Connect Core §3.1.3.3: no ID Token without openid', async () => {
  const { id_token, scope } = await obtainTokens(setup(), { scope: 'orders.read' });
  expect({ id_token, scope }).toEqual({ id_token: '', scope: 'orders.read' });
});

test('RFC 8707 §2: aud is the resource that was asked for, alone', async () => {
  const fakes = setup({ allowedResources: [api] });
  expect(claimsOf((await obtainTokens(fakes, { resource: api })).access_token)).toMatchObject({ aud: api });
});

test('RFC 9068 §3: aud is the default resource, with the issuer beside it for OpenID grants', async () => {
  const fakes = setup({ defaultResource: api });
  expect(claimsOf((await obtainTokens(fakes)).access_token)).toMatchObject({ aud: [api, testIssuer] });
  expect(claimsOf((await obtainTokens(fakes, { scope: 'orders.read' })).access_token)).toMatchObject({ aud: api });
});

test('contract.md: a default resource of the admin API counts for operator clients only', async () => {
  const admin = `${testIssuer}/admin`;
  const pairs = { grant_type: 'client_credentials' };
  const aud = async (operator: boolean) =>
    claimsOf((await exchange(setup({ defaultResource: admin, operator }), pairs)).access_token)['aud'];
  expect(await aud(true)).toBe(admin);
  expect(await aud(false)).toBe(testIssuer);
});

test('RFC 9068 §2.2: a token of a grant does not outlive it', async () => {
  const fakes = setup();
  const session = signIn(fakes, { expiresAt: fakes.clock.now + 20_000 });
  expect((await obtainTokens(fakes, {}, session)).expires_in).toBe(20);
});

test('house.md: an access token lives a day at most, whatever the client says', async () => {
  const { expires_in } = await exchange(setup({ accessTokenLifetime: 1_000_000 }), { grant_type: 'client_credentials' });
  expect(expires_in).toBe(86_400);
});

test('house.md: tokens of offline and plain OAuth grants name no session', async () => {
  const fakes = setup();
  const offline = await obtainTokens(fakes, { scope: 'openid offline_access' });
  const plain = await obtainTokens(fakes, { scope: 'orders.read' });
  for (const { access_token } of [offline, plain]) expect(claimsOf(access_token)).not.toHaveProperty('sid');
});

test('house.md: client credentials stop when the revocation set is too old', async () => {
  const fakes = setup();
  fakes.revocations.stale = true;
  await expect(exchange(fakes, { grant_type: 'client_credentials' })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    reason: 'revocations_stale',
  });
});

test('OpenID Connect Core §11: a refresh token for an OpenID request needs offline_access, a plain one only the grant type', async () => {
  const refreshToken = async (scope: string, changes = {}) => (await obtainTokens(setup(changes), { scope })).refresh_token;
  expect(await refreshToken('openid')).toBe('');
  expect(await refreshToken('openid offline_access')).toMatch(/^ar1_/);
  expect(await refreshToken('orders.read')).toMatch(/^ar1_/);
  expect(await refreshToken('orders.read', { grant_types: ['authorization_code'] })).toBe('');
  expect(await refreshToken('openid offline_access', { grant_types: ['authorization_code'] })).toBe('');
});

test('RFC 6749 §5.1: exchange answers with the fields of the message and nothing else', async () => {
  const fakes = setup();
  const code = await obtainCode(fakes);
  const response = await exchange(fakes, codeRequest(code), basic('app', secret));
  expect(Object.keys(response).sort()).toEqual([
    'access_token',
    'dpop_nonce',
    'expires_in',
    'id_token',
    'issued_token_type',
    'refresh_token',
    'scope',
    'token_type',
  ]);
});
