import { basic, endpointRequest, type ProtocolFakes, protocolFakes, testIssuer } from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import type { RegistrationMode } from '../model/endpoint.ts';
import type { RegistrationPolicy } from '../model/registration.ts';
import { openRegistrationPolicy } from '../registration/policy.ts';
import { createRegistrationEndpoint } from './registration.ts';
import { createTokenEndpoint } from './token.ts';

const metadata = { redirect_uris: ['https://app.example.test/callback'], client_name: 'App' };

function setup(policy: Partial<RegistrationPolicy> = {}, uses?: number): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.registrationTokens.add('initial', { ...openRegistrationPolicy, ...policy }, uses);
  return fakes;
}

const endpoint = (fakes: ProtocolFakes, registrationMode: RegistrationMode = 'token') =>
  createRegistrationEndpoint({ ...fakes, registrationMode });

function register(fakes: ProtocolFakes, body: object = metadata, authorization = 'Bearer initial', mode: RegistrationMode = 'token') {
  return endpoint(fakes, mode).register({ body: JSON.stringify(body), authorization }, fakes.clock.now);
}

const managed = (information: Record<string, unknown>) => ({
  client_id: String(information['client_id']),
  authorization: `Bearer ${information['registration_access_token']}`,
});

test('RFC 7591 §3.2.1: the answer has the client’s values and all metadata as registered', async () => {
  const fakes = setup();
  const information = await register(fakes);
  const { client_id, client_secret, registration_access_token, ...rest } = information;
  expect(client_id).toMatch(/^c_[\w-]{22}$/);
  expect(client_secret).toMatch(/^[\w-]{43}$/);
  expect(registration_access_token).toMatch(/^[\w-]{43}$/);
  expect(rest).toEqual({
    ...metadata,
    client_id_issued_at: fakes.clock.now / 1000,
    client_secret_expires_at: 0,
    registration_client_uri: `${testIssuer}/oauth2/register/${client_id}`,
    ...{ grant_types: ['authorization_code'], response_types: ['code'], token_endpoint_auth_method: 'client_secret_basic' },
    ...{ application_type: 'web', id_token_signed_response_alg: 'RS256', scope: 'openid profile email address phone offline_access' },
    ...{ post_logout_redirect_uris: [], default_acr_values: [], require_auth_time: false, require_pkce: true, subject_type: 'public' },
  });
});

test('RFC 7591 §3.2.1: a registered client authenticates with its secret', async () => {
  const fakes = setup();
  const body = { grant_types: ['client_credentials'], client_name: 'Job' };
  const { client_id, client_secret } = await register(fakes, body);
  const request = endpointRequest({ grant_type: 'client_credentials' }, basic(String(client_id), String(client_secret)));
  await expect(createTokenEndpoint(fakes).exchange(request, fakes.clock.now)).resolves.toMatchObject({ token_type: 'Bearer' });
});

test('RFC 7591 §3: without a valid initial access token nothing is registered', async () => {
  const fakes = setup();
  await expect(register(fakes, metadata, '')).rejects.toMatchObject({ error: 'invalid_token', reason: 'registration_token_missing' });
  await expect(register(fakes, metadata, 'Basic abc')).rejects.toMatchObject({
    error: 'invalid_token',
    reason: 'registration_token_missing',
  });
  await expect(register(fakes, metadata, 'Bearer other')).rejects.toMatchObject({
    error: 'invalid_token',
    reason: 'registration_token_invalid',
  });
  expect(fakes.clients.all.size).toBe(0);
});

test('contract.md: an initial access token is used so often as it says, and wrong metadata costs no use', async () => {
  const fakes = setup({}, 1);
  await expect(register(fakes, { redirect_uris: ['ftp://x'] })).rejects.toMatchObject({ error: 'invalid_redirect_uri' });
  const results = await Promise.allSettled([register(fakes), register(fakes), register(fakes)]);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await expect(register(fakes)).rejects.toMatchObject({ error: 'invalid_token', reason: 'registration_token_used_up' });
});

test('contract.md: open registration has the strictest policy, off registers nothing', async () => {
  const fakes = setup({ allowNoPkce: true });
  await expect(register(fakes, metadata, '', 'open')).resolves.toMatchObject({ require_pkce: true });
  await expect(register(fakes, { ...metadata, require_pkce: false }, '', 'open')).rejects.toMatchObject({ reason: 'registration_policy' });
  await expect(register(fakes, { ...metadata, require_pkce: false }, 'Bearer initial', 'open')).resolves.toMatchObject({
    require_pkce: false,
  });
  await expect(register(fakes, metadata, 'Bearer initial', 'off')).rejects.toMatchObject({
    error: 'access_denied',
    reason: 'registration_off',
  });
});

test('RFC 7591 §3.2.2: a body that is no JSON object is invalid_client_metadata', async () => {
  const fakes = setup();
  for (const body of ['', '[]', '"x"', 'null', '{', '{"a":1}x']) {
    const refused = endpoint(fakes).register({ body, authorization: 'Bearer initial' }, fakes.clock.now);
    await expect(refused).rejects.toMatchObject({ error: 'invalid_client_metadata', reason: 'client_metadata_invalid' });
  }
});

test('RFC 7592 §2.1: a client reads its registration, without its secret', async () => {
  const fakes = setup();
  const { client_secret: _secret, client_secret_expires_at: _expiry, ...information } = await register(fakes);
  expect(await endpoint(fakes).read(managed(information), fakes.clock.now)).toEqual(information);
});

test('RFC 7592 §2: a token of another client, of none, or a client that is gone is invalid_token', async () => {
  const fakes = setup();
  const [one, two] = [await register(fakes), await register(fakes)];
  const { read, delete: remove } = endpoint(fakes);
  const refusal = { error: 'invalid_token', reason: 'registration_access_token_invalid' };
  await expect(read({ ...managed(one), client_id: String(two['client_id']) }, fakes.clock.now)).rejects.toMatchObject(refusal);
  await expect(read({ ...managed(one), authorization: 'Bearer initial' }, fakes.clock.now)).rejects.toMatchObject(refusal);
  await expect(read({ ...managed(one), authorization: '' }, fakes.clock.now)).rejects.toMatchObject({
    error: 'invalid_token',
    reason: 'token_missing',
  });
  await remove(managed(one), fakes.clock.now);
  await expect(read(managed(one), fakes.clock.now)).rejects.toMatchObject(refusal);
  expect(fakes.clients.find(String(one['client_id']))).toBeUndefined();
});

test('RFC 7592 §2: a client that the operator disabled cannot change itself', async () => {
  const fakes = setup();
  const information = await register(fakes);
  const { client_id } = managed(information);
  const stored = fakes.clientStore.managed.get(client_id);
  if (stored) fakes.clientStore.managed.set(client_id, { ...stored, disabled: true });
  const read = endpoint(fakes).read(managed(information), fakes.clock.now);
  await expect(read).rejects.toMatchObject({ error: 'invalid_token', reason: 'registration_access_token_invalid' });
});

test('RFC 7592 §2.2: an update replaces the metadata, within the policy of the registration', async () => {
  const fakes = setup();
  const information = await register(fakes, { ...metadata, logo_uri: 'https://app.example.test/logo' });
  const client_id = String(information['client_id']);
  const update = (body: object) => endpoint(fakes).update({ ...managed(information), body: JSON.stringify(body) }, fakes.clock.now);
  const updated = await update({ ...metadata, client_id, client_name: 'New', logo_uri: null });
  expect(updated).toMatchObject({ client_id, client_name: 'New' });
  expect(updated).not.toHaveProperty('logo_uri');
  expect(updated).not.toHaveProperty('client_secret');
  await expect(update({ ...metadata, client_id, require_pkce: false })).rejects.toMatchObject({ reason: 'registration_policy' });
  for (const wrong of [{}, { client_id: 'other' }, { client_id, client_id_issued_at: 1 }, { client_id, client_secret: 'wrong' }]) {
    await expect(update({ ...metadata, ...wrong })).rejects.toMatchObject({ error: 'invalid_client_metadata' });
  }
  await expect(update({ ...metadata, client_id, client_secret: information['client_secret'] })).resolves.toMatchObject({ client_id });
});

test('RFC 7592 §2.2: a secret comes and goes with the method that needs it', async () => {
  const fakes = setup();
  const information = await register(fakes);
  const client_id = String(information['client_id']);
  const update = (token_endpoint_auth_method: string) =>
    endpoint(fakes).update(
      { ...managed(information), body: JSON.stringify({ ...metadata, client_id, token_endpoint_auth_method }) },
      fakes.clock.now,
    );
  expect(await update('none')).not.toHaveProperty('client_secret');
  expect(fakes.clients.secrets.has(client_id)).toBe(false);
  const again = await update('client_secret_post');
  expect(again['client_secret']).toMatch(/^[\w-]{43}$/);
  expect(fakes.clients.secrets.get(client_id)).toBe(again['client_secret']);
});

test('RFC 7517 §4: of a key only texts are kept, and none that a store refuses', async () => {
  const fakes = setup();
  const key = { kty: 'EC', crv: 'P-256', x: 'eA', y: 'eQ' };
  const deep = JSON.parse(`${'['.repeat(5000)}1${']'.repeat(5000)}`);
  const body = { ...metadata, jwks: { keys: [{ ...key, kid: 'k', key_ops: ['verify'], exp: 5, deep, list: [deep] }] } };
  expect((await register(fakes, body))['jwks']).toEqual({ keys: [{ ...key, kid: 'k', key_ops: ['verify'] }] });
  for (const kid of ['\ud800', 'a\u0000', ['\ud800']]) {
    const refused = register(fakes, { ...metadata, jwks: { keys: [{ ...key, kid }] } });
    await expect(refused).rejects.toMatchObject({ error: 'invalid_client_metadata' });
  }
});
