import {
  AuditServiceService,
  Client as ClientMessage,
  ClientServiceService,
  GrantServiceService,
  KeyServiceService,
  RegistrationTokenServiceService,
  Resource as ResourceMessage,
  ResourceServiceService,
  SettingsServiceService,
} from '@authority/contracts/admin';
import { RegistrationServiceService, TokenServiceService } from '@authority/contracts/token';
import type { Client } from '@authority/rpc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeEnvelope } from './testing/bench.ts';
import { basic, form, issuer, redirect_uri, type ServiceBench, serviceBench } from './testing/service.ts';

let service: ServiceBench;
let clients: Client<typeof ClientServiceService>;
let registrationTokens: Client<typeof RegistrationTokenServiceService>;
let resources: Client<typeof ResourceServiceService>;
let grants: Client<typeof GrantServiceService>;
let keys: Client<typeof KeyServiceService>;
let settings: Client<typeof SettingsServiceService>;
let audit: Client<typeof AuditServiceService>;
let token: Client<typeof TokenServiceService>;
let registration: Client<typeof RegistrationServiceService>;

const operator = { operator: 'alice' };
const evidence = undefined;

beforeAll(async () => {
  service = await serviceBench();
  clients = service.admin.connect('token', ClientServiceService);
  registrationTokens = service.admin.connect('token', RegistrationTokenServiceService);
  resources = service.admin.connect('token', ResourceServiceService);
  grants = service.admin.connect('token', GrantServiceService);
  keys = service.admin.connect('token', KeyServiceService);
  settings = service.admin.connect('token', SettingsServiceService);
  audit = service.admin.connect('token', AuditServiceService);
  token = service.gateway.connect('token', TokenServiceService);
  registration = service.gateway.connect('token', RegistrationServiceService);
});
afterAll(() => service?.close());

const machine = (changes: Partial<ClientMessage> = {}) =>
  ClientMessage.fromPartial({ client_name: 'Machine', grant_types: ['client_credentials'], scope: 'api', ...changes });

const mint = (client_id: string, secret: string) =>
  token.exchange({ parameters: form({ grant_type: 'client_credentials' }), authorization: basic(client_id, secret), evidence });

const audited = async (target: string): Promise<[string, string][]> => {
  const { audit_events } = await audit.listAuditEvents({ page_size: 0, page_token: '', filter: `target = "${target}"` }, operator);
  return audit_events.map(({ action, actor }) => [action, actor]);
};

test('ClientService: create, use, update with etag and mask, rotate the secret, disable, delete', async () => {
  const { client, client_secret } = await clients.createClient({ client: machine() }, operator);
  const { client_id = '', etag = '' } = client ?? {};
  expect(client).toMatchObject({ grant_types: ['client_credentials'], response_types: [], scope: 'api', origin: 'operator' });
  expect((await mint(client_id, client_secret)).scope).toBe('api');

  const patch = ClientMessage.fromPartial({ client_id, etag, client_name: 'Renamed', scope: 'ignored' });
  const updated = await clients.updateClient({ client: patch, update_mask: ['client_name'] }, operator);
  expect(updated.client).toMatchObject({ client_name: 'Renamed', scope: 'api' });
  await expect(clients.updateClient({ client: patch, update_mask: ['client_name'] }, operator)).rejects.toMatchObject({
    code: 'ABORTED',
    reason: 'etag_mismatch',
  });

  const rotated = await clients.rotateClientSecret({ client_id, drop_previous: false }, operator);
  await mint(client_id, client_secret);
  await mint(client_id, rotated.client_secret);
  const last = await clients.rotateClientSecret({ client_id, drop_previous: true }, operator);
  await expect(mint(client_id, rotated.client_secret)).rejects.toMatchObject({ reason: 'client_secret_wrong' });

  const { access_token } = await mint(client_id, last.client_secret);
  const disabled = ClientMessage.fromPartial({ client_id, disabled: true });
  await clients.updateClient({ client: disabled, update_mask: ['disabled'] }, operator);
  await expect(mint(client_id, last.client_secret)).rejects.toMatchObject({ error: 'invalid_client' });
  await expect
    .poll(() => service.stores.revocations.isRevoked({ jti: 'cc.x', sub: client_id, client_id, iat: Math.floor(Date.now() / 1000) - 1 }), {
      timeout: 1000,
    })
    .toBe(true);
  expect(access_token).not.toBe('');

  await clients.deleteClient({ client_id, etag: '' }, operator);
  await expect(clients.getClient({ client_id }, operator)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(clients.createClient({ client: machine({ client_id }) }, operator)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  expect(await audited(`client:${client_id}`)).toEqual([
    ['client.delete', 'operator:alice'],
    ['client.update', 'operator:alice'],
    ['client.rotate_secret', 'operator:alice'],
    ['client.rotate_secret', 'operator:alice'],
    ['client.update', 'operator:alice'],
    ['client.create', 'operator:alice'],
  ]);
});

test('ResourceService: create, use, update with etag and mask, delete', async () => {
  const resource = 'https://orders.example';
  const scopes = [{ name: 'orders.read', description: 'See your orders' }];
  const described = ResourceMessage.fromPartial({ resource, resource_name: 'Orders', scopes, allowed_clients: ['*'] });
  const created = await resources.createResource({ resource: described }, operator);
  expect(created.resource).toMatchObject({ resource, scopes, shared: false });
  await expect(resources.createResource({ resource: described }, operator)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  const { client, client_secret } = await clients.createClient({ client: machine({ scope: 'api orders.read' }) }, operator);
  const mintFor = () =>
    token.exchange({
      parameters: form({ grant_type: 'client_credentials', resource }),
      authorization: basic(client?.client_id ?? '', client_secret),
      evidence,
    });
  expect((await mintFor()).scope).toBe('orders.read');

  const patch = ResourceMessage.fromPartial({ resource, access_token_format: 'opaque', etag: created.resource?.etag ?? '' });
  const { resource: updated } = await resources.updateResource({ resource: patch, update_mask: ['access_token_format'] }, operator);
  expect(updated).toMatchObject({ resource_name: 'Orders', access_token_format: 'opaque' });
  const stale = resources.updateResource({ resource: patch, update_mask: ['access_token_format'] }, operator);
  await expect(stale).rejects.toMatchObject({ code: 'ABORTED', reason: 'etag_mismatch' });
  expect((await mintFor()).access_token).toMatch(/^aa1_/);

  const listed = await resources.listResources({ page_size: 0, page_token: '', filter: 'resource = "https://orders.*"' }, operator);
  expect(listed.resources.map((one) => one.resource)).toEqual([resource]);
  await resources.deleteResource({ resource, etag: '' }, operator);
  await expect(mintFor()).rejects.toMatchObject({ error: 'invalid_target', reason: 'resource_unknown' });
  await expect(resources.getResource({ resource }, operator)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect((await resources.createResource({ resource: described }, operator)).resource).toMatchObject({ access_token_format: '' });
  expect(await audited(`resource:${resource}`)).toEqual([
    ['resource.create', 'operator:alice'],
    ['resource.delete', 'operator:alice'],
    ['resource.update', 'operator:alice'],
    ['resource.create', 'operator:alice'],
  ]);
});

test.each([
  ['no URI', { resource: 'orders' }],
  ['with a fragment', { resource: 'https://orders.example/#a' }],
  ['the server itself', { resource: 'https://id.example' }],
  ['an unknown format', { resource: 'https://a.example', access_token_format: 'saml' }],
  ['a life of two days', { resource: 'https://a.example', access_token_lifetime: 172_800 }],
  ['no algorithm of ours', { resource: 'https://a.example', access_token_signing_alg: 'none' }],
  ['an operator’s scope', { resource: 'https://a.example', scopes: [{ name: 'authority.admin', description: '' }] }],
])('ResourceService: %s is INVALID_ARGUMENT', async (_what, changes) => {
  const asked = resources.createResource({ resource: ResourceMessage.fromPartial(changes) }, operator);
  await expect(asked).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'field_invalid' });
});

test.each([{ operator: false, scope: 'api' }, { scope: 'authority.admin.read' }])(
  'ClientService: %j ends what the client held as an operator',
  async (changes) => {
    const asOperator = machine({ operator: true, scope: 'authority.admin authority.admin.read' });
    const { client } = await clients.createClient({ client: asOperator }, operator);
    const client_id = client?.client_id ?? '';
    const held = { jti: 'cc.x', sub: client_id, client_id, iat: Math.floor(Date.now() / 1000) };
    const rename = { client: ClientMessage.fromPartial({ client_id, client_name: 'Still' }), update_mask: ['client_name'] };
    await clients.updateClient(rename, operator);
    expect(service.stores.revocations.isRevoked(held)).toBe(false);
    await clients.updateClient(
      { client: ClientMessage.fromPartial({ client_id, ...changes }), update_mask: Object.keys(changes) },
      operator,
    );
    await expect.poll(() => service.stores.revocations.isRevoked(held), { timeout: 1000 }).toBe(true);
  },
);

test.each([
  [{ client_id: '01890000-0000-7000-8000-000000000001' }, 'client.client_id'],
  [{ grant_types: ['authorization_code'], redirect_uris: [] }, 'client.redirect_uris'],
  [{ scope: 'authority.admin' }, 'client.scope'],
  [{ allowed_resources: [`${issuer}/admin`] }, 'client.allowed_resources'],
  [{ default_resource: 'no-uri' }, 'client.default_resource'],
  [{ jwks: '{' }, 'client.jwks'],
  [{ access_token_lifetime: 90_000 }, 'client.access_token_lifetime'],
  [{ refresh_token_rotation: 'sometimes' }, 'client.refresh_token_rotation'],
  [{ profile: 'strict' }, 'client.profile'],
  [{ access_token_format: 'saml' }, 'client.access_token_format'],
  [{ token_exchange_subjects: 'everybody' }, 'client.token_exchange_subjects'],
  [{ token_exchange_delegation: true }, 'client.token_exchange_subjects'],
  [{ allowed_origins: ['https://app.example.test/'] }, 'client.allowed_origins[0]'],
  [{ subject_type: 'secret' }, 'client.subject_type'],
  [{ sector_identifier_uri: 'https://127.0.0.1:1/sector' }, 'client.sector_identifier_uri'],
  [{ id_token_encrypted_response_alg: 'dir' }, 'client.id_token_encrypted_response_alg'],
  [{ backchannel_logout_uri: 'http://app.example.test/' }, 'client.backchannel_logout_uri'],
] as const)('ClientService: %j is refused by its field', async (changes, field) => {
  const client = machine(changes as Partial<ClientMessage>);
  await expect(clients.createClient({ client }, operator)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', violations: [{ field }] });
});

test('ClientService: what a client is trusted with and bound to is stored, shown and changed field by field', async () => {
  const given = {
    ...{ dpop_bound_access_tokens: true, require_pushed_authorization_requests: true, software_id: 'machine', subject_type: 'pairwise' },
    ...{ grant_types: ['authorization_code', 'client_credentials'], redirect_uris: ['https://app.example.test/cb'] },
    ...{ backchannel_logout_uri: 'https://app.example.test/out', backchannel_logout_session_required: true },
    ...{ access_token_format: 'opaque', token_exchange_subjects: 'any', token_exchange_delegation: true },
    ...{ token_exchange_audiences: ['https://api.example.test'], allowed_origins: ['https://spa.example.test'] },
    ...{ jwt_bearer_issuers: ['https://partner.example.test'], userinfo_signed_response_alg: 'ES256' },
    ...{ request_uris: ['https://app.example.test/request.jwt'] },
  };
  const { client } = await clients.createClient({ client: machine(given) }, operator);
  const { client_id = '' } = client ?? {};
  expect(client).toMatchObject(given);
  const patch = ClientMessage.fromPartial({ client_id, software_id: 'other', token_exchange_subjects: 'own' });
  await clients.updateClient({ client: patch, update_mask: ['software_id', 'token_exchange_subjects'] }, operator);
  const read = await clients.getClient({ client_id }, operator);
  expect(read.client).toMatchObject({ ...given, software_id: 'other', token_exchange_subjects: 'own' });
});

test('RFC 7592 §2.2: what an operator demands of a client that registered itself survives its update and is not shown to it', async () => {
  const registration_token = { ...emptyToken, profile: 'oauth2.1' };
  const created = await registrationTokens.createRegistrationToken({ registration_token }, operator);
  expect(created.registration_token).toMatchObject({ profile: 'oauth2.1' });
  const body = JSON.stringify({ redirect_uris: [redirect_uri], software_id: 'shop' });
  const registered = JSON.parse((await registration.register({ body, authorization: `Bearer ${created.value}`, evidence })).body);
  const { client_id } = registered;
  const patch = ClientMessage.fromPartial({ client_id, access_token_format: 'opaque' });
  await clients.updateClient({ client: patch, update_mask: ['access_token_format'] }, operator);

  const own = { client_id, authorization: `Bearer ${registered.registration_access_token}`, evidence };
  const changed = JSON.stringify({ client_id, redirect_uris: [redirect_uri], software_version: '2' });
  const answer = JSON.parse((await registration.updateRegistration({ ...own, body: changed })).body);
  expect(answer).toMatchObject({ software_version: '2' });
  expect(answer).not.toHaveProperty('software_id');
  const read = JSON.parse((await registration.readRegistration(own)).body);
  for (const name of ['profile', 'accessTokenFormat', 'operator', 'disabled', 'consentSkipped', 'allowedResources']) {
    expect(read).not.toHaveProperty(name);
  }
  const { client } = await clients.getClient({ client_id }, operator);
  expect(client).toMatchObject({ profile: 'oauth2.1', access_token_format: 'opaque', software_id: '', software_version: '2' });
});

test('ClientService: lists by pages and filter', async () => {
  const names = ['Paged 1', 'Paged 2', 'Paged 3'];
  for (const client_name of names) await clients.createClient({ client: machine({ client_name }) }, operator);
  const filter = 'client_name = "Paged*" AND grant_types = "client_credentials" AND disabled = false';
  const first = await clients.listClients({ page_size: 2, page_token: '', filter }, operator);
  const second = await clients.listClients({ page_size: 2, page_token: first.next_page_token, filter }, operator);
  expect([...first.clients, ...second.clients].map(({ client_name }) => client_name)).toEqual(names);
  expect(second.next_page_token).toBe('');
});

test('RFC 7591 §3, RFC 7592 §2: an initial access token registers so many clients, and each manages itself', async () => {
  const created = await registrationTokens.createRegistrationToken(
    { registration_token: { ...emptyToken, description: 'partners', uses_limit: 2, allow_no_pkce: true } },
    operator,
  );
  const authorization = `Bearer ${created.value}`;
  const body = JSON.stringify({ redirect_uris: [redirect_uri], client_name: 'Dynamic', require_pkce: false });
  const registered = JSON.parse((await registration.register({ body, authorization, evidence })).body);
  expect(registered).toMatchObject({ client_name: 'Dynamic', redirect_uris: [redirect_uri] });
  await registration.register({ body, authorization, evidence });
  await expect(registration.register({ body, authorization, evidence })).rejects.toMatchObject({ reason: 'registration_token_used_up' });

  const { client_id } = registered;
  const own = { client_id, authorization: `Bearer ${registered.registration_access_token}`, evidence };
  const changed = JSON.stringify({ client_id, redirect_uris: [redirect_uri], client_name: 'Changed' });
  expect(JSON.parse((await registration.updateRegistration({ ...own, body: changed })).body)).toMatchObject({ client_name: 'Changed' });
  expect(JSON.parse((await registration.readRegistration(own)).body)).toMatchObject({ client_name: 'Changed' });
  await registration.deleteRegistration(own);
  await expect(registration.readRegistration(own)).rejects.toMatchObject({ error: 'invalid_token' });
  expect((await audited(`client:${client_id}`)).map(([action]) => action)).toEqual(['client.delete', 'client.update', 'client.create']);

  const { registration_token_id = '' } = created.registration_token ?? {};
  const read = await registrationTokens.getRegistrationToken({ registration_token_id }, operator);
  expect(read.registration_token).toMatchObject({ uses: 2, uses_limit: 2, allow_no_pkce: true });
  await registrationTokens.deleteRegistrationToken({ registration_token_id }, operator);
  await expect(registration.register({ body, authorization, evidence })).rejects.toMatchObject({ reason: 'registration_token_invalid' });
});

test('issue 2, bad input: a key with half a surrogate pair or deep nesting is refused or passed over, never a fault', async () => {
  const created = await registrationTokens.createRegistrationToken({ registration_token: emptyToken }, operator);
  const authorization = `Bearer ${created.value}`;
  const withKey = (members: string): string =>
    `{"redirect_uris":["${redirect_uri}"],"jwks":{"keys":[{"kty":"EC","crv":"P-256","x":"eA","y":"eQ",${members}}]}}`;
  const refused = registration.register({ body: withKey('"kid":"\\ud800"'), authorization, evidence });
  await expect(refused).rejects.toMatchObject({ error: 'invalid_client_metadata' });
  const body = withKey(`"deep":${'['.repeat(20_000)}${']'.repeat(20_000)}`);
  await expect(registration.register({ body, authorization, evidence })).resolves.toBeDefined();
});

test('RFC 7591 §3: two parallel registrations with the last use are one client', async () => {
  const created = await registrationTokens.createRegistrationToken({ registration_token: { ...emptyToken, uses_limit: 1 } }, operator);
  const request = { body: JSON.stringify({ redirect_uris: [redirect_uri] }), authorization: `Bearer ${created.value}`, evidence };
  const answers = await Promise.allSettled(Array.from({ length: 5 }, () => registration.register(request)));
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('GrantService: lists what is in force, and ends it with the name of who did it', async () => {
  const sub = 'grants-of-somebody';
  const envelopes = [codeEnvelope({ sub, issuedAt: Date.now() - 5 }), codeEnvelope({ sub })];
  for (const envelope of envelopes) {
    await service.stores.authorizationCodes.redeem(service.stores.authorizationCodes.seal(envelope), envelope, Date.now());
  }
  const filter = `sub = "${sub}"`;
  const ids = async () =>
    (await grants.listGrants({ page_size: 0, page_token: '', filter }, operator)).grants.map(({ grant_id }) => grant_id);
  expect(await ids()).toEqual(envelopes.map(({ grant_id }) => grant_id).reverse());
  const grant_id = envelopes[0]?.grant_id ?? '';
  await grants.deleteGrant({ grant_id }, operator);
  expect(await ids()).toEqual([envelopes[1]?.grant_id]);
  await expect(grants.deleteGrant({ grant_id }, operator)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await audited(`grant:${grant_id}`)).toEqual([['grant.revoke', 'operator:alice']]);
  await expect(grants.listGrants({ page_size: 0, page_token: '', filter: '' }, operator)).rejects.toMatchObject({
    reason: 'filter_invalid',
  });
});

test('KeyService: the next key waits, the current one cannot be deleted', async () => {
  const listed = await keys.listKeys({ page_size: 0, page_token: '', filter: 'use = "signing" AND state = "current"' }, operator);
  expect(listed.keys.map(({ alg }) => alg).sort()).toEqual(['ES256', 'EdDSA', 'PS256', 'RS256']);
  const { key } = await keys.rotateKey({ use: 'signing', alg: 'EdDSA' }, operator);
  expect(key).toMatchObject({ state: 'next', alg: 'EdDSA' });
  await expect(keys.rotateKey({ use: 'signing', alg: 'EdDSA' }, operator)).rejects.toMatchObject({ reason: 'key_in_use' });
  const current = listed.keys.find(({ alg }) => alg === 'EdDSA')?.key_id ?? '';
  await expect(keys.deleteKey({ key_id: current }, operator)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  const kids = async (): Promise<string[]> => JSON.parse((await token.getJwks({})).body).keys.map(({ kid }: { kid: string }) => kid);
  expect(await kids()).toContain(key?.key_id);
  await keys.deleteKey({ key_id: key?.key_id ?? '' }, operator);
  expect(await kids()).not.toContain(key?.key_id);
  const mac = await keys.listKeys({ page_size: 0, page_token: '', filter: 'use = "mac"' }, operator);
  expect(mac.keys[0]?.public_jwk).toBe('');
});

test('SettingsService: a lifetime that is set holds for the next token', async () => {
  const name = 'token.access_token_lifetime';
  const setting = { name, value: '120', default_value: '', description: '', owner: '', etag: '' };
  await settings.updateSetting({ setting, update_mask: ['value'], force: false }, operator);
  const { client, client_secret } = await clients.createClient({ client: machine() }, operator);
  expect((await mint(client?.client_id ?? '', client_secret)).expires_in).toBe(120);
  await settings.deleteSetting({ name }, operator);
  expect((await mint(client?.client_id ?? '', client_secret)).expires_in).toBe(300);
});

const emptyToken = {
  ...{ registration_token_id: '', description: '', allow_no_pkce: false, allow_implicit: false, allow_hybrid: false },
  ...{ allow_password: false, allow_device: false, profile: '', scope: '', token_endpoint_auth_methods: [], uses_limit: 0, uses: 0 },
  ...{ expire_time_ms: 0, create_time_ms: 0, etag: '' },
};
