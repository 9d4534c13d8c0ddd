import { basic, client, endpointRequest, type Pairs, protocolFakes, publicClient, secret, testIssuer } from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { validateRegistration } from '../registration/client-metadata.ts';
import { openRegistrationPolicy } from '../registration/policy.ts';
import { createDeviceAuthorizationEndpoint } from './device-authorization.ts';

const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';

function setup() {
  const fakes = protocolFakes();
  fakes.clients.add(client({ grant_types: [grant_type] }), secret);
  fakes.clients.add(publicClient());
  const ask = (pairs: Pairs, as = basic('app', secret)) =>
    createDeviceAuthorizationEndpoint(fakes).authorizeDevice(endpointRequest(pairs, as), fakes.clock.now);
  return { fakes, ask };
}

test('RFC 8628 §3.2: the answer has both codes, where to type, how long and how often', async () => {
  const { fakes, ask } = setup();
  const answer = await ask({ scope: 'openid profile' });
  expect(answer).toMatchObject({ verification_uri: `${testIssuer}/device`, expires_in: 600, interval: 5 });
  expect(answer.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  expect(answer.verification_uri_complete).toBe(`${testIssuer}/device?user_code=${answer.user_code}`);
  expect(fakes.deviceRequests.waiting.get(answer.device_code)?.request).toMatchObject({
    ...{ client_id: 'app', scopes: ['openid', 'profile'], peer_address: '192.0.2.1', requestedAt: fakes.clock.now },
  });
});

test('RFC 8628 §3.2: no two requests have a user code in common', async () => {
  const { fakes, ask } = setup();
  const first = await ask({});
  // The same bytes again: the code is in use, and another is made.
  fakes.random.bytes = protocolFakes().random.bytes.bind(protocolFakes().random);
  expect((await ask({})).user_code).not.toBe(first.user_code);
});

test.each<[string, Pairs, string, string]>([
  ['an unknown scope', { scope: 'nothing' }, 'invalid_scope', 'scope_unknown'],
  ["a scope that is not the client's", { scope: 'address' }, 'invalid_scope', 'scope_not_allowed'],
  ['a malformed scope', { scope: 'a"b' }, 'invalid_scope', 'parameter_invalid'],
  ['a scope twice', { scope: ['openid', 'email'] }, 'invalid_request', 'parameter_repeated'],
  ['an unknown resource', { resource: 'https://nowhere.example' }, 'invalid_target', 'resource_unknown'],
])('RFC 8628 §3.1: %s is refused', async (_what, pairs, error, reason) => {
  await expect(setup().ask(pairs)).rejects.toMatchObject({ error, reason });
});

test('RFC 8628 §3.1: the client authenticates as at the token endpoint', async () => {
  const { ask } = setup();
  await expect(ask({}, basic('app', 'wrong'))).rejects.toMatchObject({ error: 'invalid_client', reason: 'client_secret_wrong' });
  await expect(ask({ client_id: 'app' }, '')).rejects.toMatchObject({ error: 'invalid_client' });
  await expect(ask({}, '')).rejects.toMatchObject({ error: 'invalid_client', reason: 'client_authentication_missing' });
});

test('RFC 8628 §3.1: a client without the grant type is unauthorized_client', async () => {
  const { ask } = setup();
  await expect(ask({ client_id: 'native' }, '')).rejects.toMatchObject({ error: 'unauthorized_client', reason: 'grant_type_not_allowed' });
});

test('FAPI 2.0 Security Profile §5.3.2: a client whose profile refuses the grant type gets no codes', async () => {
  const { fakes, ask } = setup();
  fakes.clients.add(client({ grant_types: [grant_type], profile: 'fapi2-security', token_endpoint_auth_method: 'none' }));
  await expect(ask({ client_id: 'app' }, '')).rejects.toMatchObject({ reason: 'profile_refused' });
  expect(fakes.deviceRequests.waiting.size).toBe(0);
});

test('RFC 8628 §5.1: whoever asks in the name of a public client is counted by address, and nobody else is', async () => {
  const { fakes, ask } = setup();
  await ask({});
  expect(fakes.deviceAdmission.admitted).toEqual([]);
  fakes.clients.add(client({ client_id: 'tv', grant_types: [grant_type], token_endpoint_auth_method: 'none' }));
  const asTv = () => createDeviceAuthorizationEndpoint(fakes).authorizeDevice(endpointRequest({ client_id: 'tv' }), fakes.clock.now);
  await asTv();
  expect(fakes.deviceAdmission.admitted).toHaveLength(1);
  fakes.deviceAdmission.throttled = true;
  await expect(asTv()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED', reason: 'throttled_address' });
});

test('RFC 8628 §5.6: a device registers without redirect URIs', () => {
  const metadata = { grant_types: [grant_type, 'refresh_token'], token_endpoint_auth_method: 'none' };
  const { grantTypes: _, ...token } = openRegistrationPolicy;
  const policy = { ...token, allowDevice: true };
  expect(validateRegistration(metadata, policy)).toMatchObject({ redirect_uris: [], response_types: [], ...metadata });
});

test('contract.md, operators: nobody is asked for the scopes of operators', async () => {
  const { fakes, ask } = setup();
  fakes.clients.add(client({ grant_types: [grant_type], scopes: ['authority.admin'], operator: true }), secret);
  await expect(ask({ scope: 'authority.admin' })).rejects.toMatchObject({ error: 'invalid_scope', reason: 'scope_not_allowed' });
  await expect(ask({ resource: `${testIssuer}/admin` })).rejects.toMatchObject({ error: 'invalid_target' });
});
