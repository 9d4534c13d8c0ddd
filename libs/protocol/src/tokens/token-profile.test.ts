import {
  claimsOf,
  client,
  exchange,
  headerOf,
  obtainTokens,
  type Pairs,
  protocolFakes,
  secret,
  testIssuer,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import type { Client } from '../model/client.ts';
import type { Resource } from '../model/resource.ts';
import { readAccessToken } from './access-token.ts';

const api = 'https://api.example.test';
const other = 'https://other.example.test';

function setup(resource: Partial<Resource> = {}, changes: Partial<Client> = { allowedResources: [api, other] }) {
  const fakes = protocolFakes();
  fakes.clients.add(client(changes), secret);
  fakes.resources.add(api, resource);
  return fakes;
}

const machine = (pairs: Pairs = {}): Pairs => ({ grant_type: 'client_credentials', resource: api, ...pairs });

test('RFC 8707 §2: a resource needs no client that is registered as it', async () => {
  expect(claimsOf((await exchange(setup(), machine())).access_token)).toMatchObject({ aud: api });
});

test.each([
  ['every client', ['*'], true],
  ['this client', ['app'], true],
  ['another client', ['shop'], false],
])('RFC 8707 §2: a resource that is open to %s', async (_whom, allowedClients, isOpen) => {
  const asked = exchange(setup({ allowedClients }, {}), machine());
  if (isOpen) await expect(asked).resolves.toMatchObject({ token_type: 'Bearer' });
  else await expect(asked).rejects.toMatchObject({ error: 'invalid_target', reason: 'resource_not_allowed' });
});

test.each(['ES256', 'RS256', 'EdDSA'] as const)('RFC 9068 §2.1: a resource has its tokens signed with %s', async (alg) => {
  const { access_token } = await exchange(setup({ accessTokenSigningAlg: alg }), machine());
  expect(headerOf(access_token)).toMatchObject({ alg, typ: 'at+jwt' });
});

test('RFC 9068 §2.2: a resource says how long its tokens live, also longer than the client; a day at most', async () => {
  const life = async (accessTokenLifetime: number) => (await exchange(setup({ accessTokenLifetime }), machine())).expires_in;
  expect(await life(60)).toBe(60);
  expect(await life(7200)).toBe(7200);
  expect(await life(1_000_000)).toBe(86_400);
});

test('RFC 8707 §2.2: a token has those of the scopes that mean something at its resource', async () => {
  const scopes = [{ name: 'orders.read', description: '' }];
  const fakes = setup({ scopes });
  expect(await exchange(fakes, machine({ scope: 'orders.read orders.write' }))).toMatchObject({ scope: 'orders.read' });
  expect(await exchange(fakes, machine())).toMatchObject({ scope: 'orders.read' });
  const none = exchange(fakes, machine({ scope: 'orders.write' }));
  await expect(none).rejects.toMatchObject({ error: 'invalid_scope', reason: 'scope_not_of_resource' });
});

test('RFC 8707 §3: several resources in one token only where all are shared', async () => {
  const fakes = setup({ shared: true });
  const both = machine({ resource: [api, other] });
  fakes.resources.add(other);
  await expect(exchange(fakes, both)).rejects.toMatchObject({ error: 'invalid_target', reason: 'resource_not_shared' });
  fakes.resources.add(other, { shared: true, accessTokenLifetime: 30 });
  const { access_token, expires_in } = await exchange(fakes, both);
  expect(claimsOf(access_token)['aud']).toEqual([api, other]);
  expect(expires_in).toBe(30);
});

test('RFC 8707 §2: the same resource twice is one; an endless list is refused', async () => {
  const twice = await exchange(setup(), machine({ resource: [api, api] }));
  expect(claimsOf(twice.access_token)['aud']).toBe(api);
  const many = machine({ resource: Array.from({ length: 17 }, (_, at) => `${api}/${at}`) });
  await expect(exchange(setup(), many)).rejects.toMatchObject({ error: 'invalid_target', reason: 'parameter_invalid' });
});

test('RFC 9068 §2: one resource that wants its tokens opaque decides for all of them', async () => {
  const fakes = setup({ shared: true });
  fakes.resources.add(other, { shared: true, accessTokenFormat: 'opaque' });
  const { access_token } = await exchange(fakes, machine({ resource: [api, other] }));
  expect(readAccessToken(access_token, fakes)).toMatchObject({ aud: [api, other] });
  expect(access_token).toMatch(/^aa1_/);
});

test('RFC 8707 §2.2: the scopes of OpenID Connect stay, for UserInfo', async () => {
  const fakes = setup({ scopes: [{ name: 'orders.read', description: '' }] }, { defaultResource: api });
  const { access_token } = await obtainTokens(fakes, { scope: 'openid email orders.read orders.write' });
  expect(claimsOf(access_token)).toMatchObject({ aud: [api, testIssuer], scope: 'openid email orders.read' });
});

test('RFC 8707 §2.2: who asks for a resource and scopes that mean nothing there is told at once, before anybody consents', async () => {
  const fakes = setup({ scopes: [{ name: 'orders.read', description: '' }] });
  const asked = obtainTokens(fakes, { scope: 'orders.write', resource: api });
  await expect(asked).rejects.toThrow('invalid_scope');
  await expect(obtainTokens(fakes, { scope: 'openid orders.read', resource: api })).resolves.toMatchObject({ scope: 'openid orders.read' });
});
