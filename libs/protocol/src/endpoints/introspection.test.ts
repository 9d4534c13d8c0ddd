import {
  basic,
  client,
  endpointRequest,
  exchange,
  obtainTokens,
  type Pairs,
  type ProtocolFakes,
  protocolFakes,
  publicClient,
  secret,
  sub,
  testIssuer,
  testKeys,
  FakeSigningKeys,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createIntrospectionEndpoint } from './introspection.ts';

const api = 'https://api.example.test';

function setup(): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client({ allowedResources: [api] }), secret);
  fakes.clients.add(client({ client_id: 'other' }), secret);
  fakes.clients.add(client({ client_id: 'api', resourceIdentifier: api }), secret);
  fakes.clients.add(client({ client_id: 'api2', resourceIdentifier: 'https://api2.example.test' }), secret);
  fakes.clients.add(publicClient());
  return fakes;
}

function introspect(fakes: ProtocolFakes, token: string, as = 'app', more: Pairs = {}) {
  const request = endpointRequest({ token, ...more }, basic(as, secret));
  return createIntrospectionEndpoint(fakes).introspect(request, fakes.clock.now);
}

test('RFC 7662 §2.2: an access token is shown with what it says', async () => {
  const fakes = setup();
  const { access_token } = await obtainTokens(fakes, { scope: 'openid' });
  expect(await introspect(fakes, access_token)).toMatchObject({
    active: true,
    ...{ iss: testIssuer, sub, aud: testIssuer, client_id: 'app', scope: 'openid', token_type: 'Bearer' },
    iat: fakes.clock.now / 1000,
    exp: fakes.clock.now / 1000 + 300,
  });
});

test('RFC 7662 §4: a token is shown to its client and to the resource server it names, to nobody else', async () => {
  const fakes = setup();
  const { access_token } = await obtainTokens(fakes, { resource: api, scope: 'orders.read' });
  expect(await introspect(fakes, access_token, 'app')).toMatchObject({ active: true });
  expect(await introspect(fakes, access_token, 'api')).toMatchObject({ active: true, aud: api });
  expect(await introspect(fakes, access_token, 'api2')).toEqual({ active: false });
  expect(await introspect(fakes, access_token, 'other')).toEqual({ active: false });
});

test('RFC 7662 §2.1: callers authenticate; a public client cannot', async () => {
  const fakes = setup();
  const { introspect: ask } = createIntrospectionEndpoint(fakes);
  const anonymous = ask(endpointRequest({ token: 'x' }), fakes.clock.now);
  await expect(anonymous).rejects.toMatchObject({ error: 'invalid_client', reason: 'client_authentication_missing' });
  const byName = ask(endpointRequest({ token: 'x', client_id: 'native' }), fakes.clock.now);
  await expect(byName).rejects.toMatchObject({ error: 'invalid_client', reason: 'client_authentication_missing' });
  const missing = ask(endpointRequest({}, basic('app', secret)), fakes.clock.now);
  await expect(missing).rejects.toMatchObject({ error: 'invalid_request', reason: 'parameter_missing' });
});

test('house.md: the admin service asks for its own audience without client authentication', async () => {
  const fakes = setup();
  const admin = `${testIssuer}/admin`;
  fakes.clients.add(client({ client_id: 'operator', operator: true, scopes: ['authority.admin'], defaultResource: admin }), secret);
  const { access_token } = await exchange(fakes, { grant_type: 'client_credentials', scope: 'authority.admin' }, basic('operator', secret));
  const other = await exchange(fakes, { grant_type: 'client_credentials' });
  const ask = (token: string) =>
    createIntrospectionEndpoint(fakes).introspect(endpointRequest({ token }), fakes.clock.now, { resourceServer: admin });
  expect(await ask(access_token)).toMatchObject({ active: true, scope: 'authority.admin', aud: admin });
  expect(await ask(other.access_token)).toEqual({ active: false });
});

test('house.md: a revoked grant, token, session, client or subject makes a token inactive', async () => {
  const fakes = setup();
  const { access_token } = await obtainTokens(fakes);
  const { jti, sid } = await introspect(fakes, access_token);
  for (const id of [jti, String(jti).split('.')[0], sid, 'app', sub]) {
    fakes.revocations.ended.add(String(id));
    expect(await introspect(fakes, access_token)).toEqual({ active: false });
    fakes.revocations.ended.clear();
  }
  expect(await introspect(fakes, access_token)).toMatchObject({ active: true });
});

test('RFC 7662 §2.2: an expired token, and one of a client that is gone, are inactive', async () => {
  const fakes = setup();
  const { access_token } = await obtainTokens(fakes, { resource: api });
  fakes.clients.all.delete('app');
  expect(await introspect(fakes, access_token, 'api')).toEqual({ active: false });
  fakes.clients.add(client(), secret);
  fakes.clock.advance(300_000);
  expect(await introspect(fakes, access_token, 'api')).toEqual({ active: false });
});

test('house.md: without a fresh revocation set there is no answer about a token of ours', async () => {
  const fakes = setup();
  const { access_token } = await obtainTokens(fakes);
  fakes.revocations.stale = true;
  await expect(introspect(fakes, access_token)).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'revocations_stale' });
});

test('RFC 8725 §3.11: ID Tokens, foreign tokens and forgeries are inactive', async () => {
  const fakes = setup();
  const { id_token, access_token } = await obtainTokens(fakes);
  const foreign = new FakeSigningKeys({ ...testKeys, ES256: testKeys.otherES256 });
  const claims = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString());
  const none = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${access_token.split('.')[1]}.`;
  const forged = [
    id_token,
    foreign.sign('ES256', 'at+jwt', claims),
    fakes.signingKeys.sign('ES256', 'at+jwt', { ...claims, iss: 'https://other.example.test' }),
    fakes.signingKeys.sign('ES256', 'at+jwt', { ...claims, client_id: undefined }),
    none,
    `${access_token}x`,
    'x',
    'a.b.c',
    'x'.repeat(10_000),
  ];
  for (const token of forged) expect(await introspect(fakes, token)).toEqual({ active: false });
});

test('RFC 7662 §2.2: a refresh token is shown to its client alone', async () => {
  const fakes = setup();
  const { refresh_token } = await obtainTokens(fakes, { scope: 'openid offline_access' });
  expect(await introspect(fakes, refresh_token, 'app', { token_type_hint: 'access_token' })).toEqual({
    active: true,
    ...{ iss: testIssuer, client_id: 'app', sub, scope: 'openid offline_access' },
    iat: fakes.clock.now / 1000,
    exp: fakes.clock.now / 1000 + 30 * 86_400,
  });
  expect(await introspect(fakes, refresh_token, 'api')).toEqual({ active: false });
  expect(await introspect(fakes, `${refresh_token.slice(0, -4)}AAAA`)).toEqual({ active: false });
});

test('RFC 9700 §4.14: a refresh token that was replaced is inactive', async () => {
  const fakes = setup();
  fakes.clients.add(client({ refreshTokenRotation: 'always' }), secret);
  const { refresh_token } = await obtainTokens(fakes, { scope: 'openid offline_access' });
  const next = await exchange(fakes, { grant_type: 'refresh_token', refresh_token });
  expect(await introspect(fakes, refresh_token)).toEqual({ active: false });
  expect(await introspect(fakes, next.refresh_token)).toMatchObject({ active: true });
});

test('performance.md: introspection of access tokens goes by the CPU lane', () => {
  const { lane } = createIntrospectionEndpoint(setup());
  expect(lane(endpointRequest({ token: 'a.b.c' }))).toBe('cpu');
  expect(lane(endpointRequest({ token: 'ar1_x' }))).toBe('store');
  expect(lane(endpointRequest({ token: 'a.b.c', client_assertion: 'x' }))).toBe('store');
});
