import {
  basic,
  claimsOf,
  client,
  endpointRequest,
  exchange,
  protocolFakes,
  publicClient,
  secret,
  testIssuer,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createTokenEndpoint } from '../endpoints/token.ts';

const api = 'https://api.example.test';
const admin = `${testIssuer}/admin`;

function setup(changes = {}) {
  const fakes = protocolFakes();
  fakes.clients.add(client(changes), secret);
  fakes.clients.add(client({ client_id: 'api', resourceIdentifier: api }), secret);
  return fakes;
}

const request = (changes = {}) => ({ grant_type: 'client_credentials', ...changes });

test('RFC 6749 §4.4: a client gets a token for itself, without refresh and ID Token', async () => {
  const response = await exchange(setup(), request({ scope: 'orders.read' }));
  expect(response).toMatchObject({ scope: 'orders.read', refresh_token: '', id_token: '' });
  expect(claimsOf(response.access_token)).toMatchObject({ sub: 'app', client_id: 'app', aud: testIssuer });
});

test('RFC 9068 §2.2: jti of a token without a grant begins with a fixed word', async () => {
  const { access_token } = await exchange(setup(), request());
  expect(claimsOf(access_token)['jti']).toMatch(/^cc\.[\w-]{22}$/);
});

test('RFC 6749 §3.3: without scope the client gets what it is registered for, but for what must be asked by name', async () => {
  expect(await exchange(setup(), request())).toMatchObject({ scope: 'orders.read orders.write' });
  const operator = setup({ operator: true, scopes: ['authority.admin'], defaultResource: admin });
  expect(await exchange(operator, request())).toMatchObject({ scope: '' });
});

test.each([
  ['unknown', 'nobody.knows', 'scope_unknown'],
  ['another client’s', 'orders.delete', 'scope_not_allowed'],
  ['a person’s', 'openid', 'scope_not_allowed'],
  ['offline', 'offline_access', 'scope_not_allowed'],
  ['an operator’s', 'authority.admin', 'scope_not_allowed'],
])('RFC 6749 §5.2: %s scope is invalid_scope', async (_whose, scope, reason) => {
  const fakes = setup({ scopes: ['openid', 'offline_access', 'authority.admin'] });
  fakes.scopes.known.add('orders.delete');
  await expect(exchange(fakes, request({ scope }))).rejects.toMatchObject({ error: 'invalid_scope', reason });
});

test.each(['a  b', ' a', 'a"b', 'a\\b', 'é'])('RFC 6749 §3.3: the scope %j is malformed', async (scope) => {
  await expect(exchange(setup(), request({ scope }))).rejects.toMatchObject({ error: 'invalid_scope', reason: 'parameter_invalid' });
});

test('RFC 6749 §4.4: public clients cannot use it', async () => {
  const fakes = protocolFakes();
  fakes.clients.add(publicClient({ grant_types: ['client_credentials'] }));
  await expect(exchange(fakes, request({ client_id: 'native' }), '')).rejects.toMatchObject({
    error: 'unauthorized_client',
    reason: 'grant_type_not_allowed',
  });
});

test('RFC 8707 §2: the resource asked for is the audience', async () => {
  const { access_token } = await exchange(setup({ allowedResources: [api] }), request({ resource: api }));
  expect(claimsOf(access_token)).toMatchObject({ aud: api });
});

test.each([
  ['unknown', 'https://nobody.example.test', 'resource_unknown'],
  ['not allowed', api, 'resource_not_allowed'],
  ['one of several unknown ones', ['https://a.example.test', 'https://b.example.test'], 'resource_unknown'],
  ['relative', '/orders', 'parameter_invalid'],
  ['with a fragment', 'https://a.example.test/#x', 'parameter_invalid'],
  ['the admin API', admin, 'resource_not_allowed'],
])('RFC 8707 §2: a resource that is %s is invalid_target', async (_what, resource, reason) => {
  await expect(exchange(setup(), request({ resource }))).rejects.toMatchObject({ error: 'invalid_target', reason });
});

test('contract.md: an operator client gets the admin API by name', async () => {
  const fakes = setup({ operator: true, scopes: ['authority.admin'] });
  const { access_token, scope } = await exchange(fakes, request({ resource: admin, scope: 'authority.admin' }));
  expect(claimsOf(access_token)).toMatchObject({ aud: admin });
  expect(scope).toBe('authority.admin');
});

test('performance.md: a client credentials request waits for nothing', () => {
  const fakes = setup();
  const signed = new Set<string>();
  const sign = fakes.signingKeys.sign.bind(fakes.signingKeys);
  fakes.signingKeys.sign = (...input) => {
    const jws = sign(...input);
    signed.add(jws);
    return jws;
  };
  const pending = createTokenEndpoint(fakes).exchange(endpointRequest(request(), basic('app', secret)), fakes.clock.now);
  // Signed before the first turn of the event loop ends, so a batch of these is one run of the CPU.
  expect(signed.size).toBe(1);
  return expect(pending).resolves.toMatchObject({ token_type: 'Bearer' });
});
