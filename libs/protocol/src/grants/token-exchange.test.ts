import {
  basic,
  claimsOf,
  client,
  endpointRequest,
  exchange,
  obtainTokens,
  type Pairs,
  type ProtocolFakes,
  protocolFakes,
  secret,
  signIn,
  sub,
  testIssuer,
} from '@authority/testing/protocol';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createIntrospectionEndpoint } from '../endpoints/introspection.ts';
import { createTokenEndpoint } from '../endpoints/token.ts';
import type { Client } from '../model/client.ts';
import { readAccessToken } from '../tokens/access-token.ts';
import { tokenExchange } from './token-exchange.ts';

const urn = 'urn:ietf:params:oauth:token-type:';
const grant_type = 'urn:ietf:params:oauth:grant-type:token-exchange';
const [api, backend] = ['https://api.example.test', 'https://backend.example.test'];
const all = { subjects: 'any', impersonation: true, delegation: true, audiences: [] } as const;
const everything = ['openid', 'profile', 'offline_access', 'orders.read', 'orders.write'];
const both = ['authorization_code', 'refresh_token', 'client_credentials', grant_type];

/** `app` signs people in; `api` gets their tokens, and exchanges them for `backend`. */
function setup(changes: Partial<Client> = {}): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client({ scopes: everything, grant_types: both, allowedResources: [api], tokenExchange: all }), secret);
  const middle = { client_id: 'api', resourceIdentifier: api, allowedResources: [backend], grant_types: both, tokenExchange: all };
  fakes.clients.add(client({ ...middle, scopes: everything, ...changes }), secret);
  fakes.clients.resources.add(api);
  fakes.clients.add(
    client({ client_id: 'backend', resourceIdentifier: backend, grant_types: both, scopes: everything, tokenExchange: all }),
    secret,
  );
  return fakes;
}

const personal = async (fakes: ProtocolFakes, changes: Pairs = {}) =>
  (await obtainTokens(fakes, { scope: 'openid orders.read orders.write', resource: api, ...changes })).access_token;
const machine = async (fakes: ProtocolFakes, client_id = 'api', changes: Pairs = {}) =>
  (await exchange(fakes, { grant_type: 'client_credentials', ...changes }, basic(client_id, secret))).access_token;

function swap(fakes: ProtocolFakes, subject_token: string, changes: Pairs = {}, as = 'api') {
  const request = { grant_type, subject_token, subject_token_type: `${urn}access_token`, resource: backend };
  return exchange(fakes, { ...request, ...changes }, basic(as, secret));
}
const actor = (actor_token: string): Pairs => ({ actor_token, actor_token_type: `${urn}access_token` });
const refused = (answer: Promise<unknown>, error: string, reason: string) => expect(answer).rejects.toMatchObject({ error, reason });

test('RFC 8693 §2.2.1: an API gets a token for the next one, in the name of the same person', async () => {
  const fakes = setup();
  const given = await personal(fakes);
  const answer = await swap(fakes, given, { scope: 'orders.read' });
  expect(answer).toMatchObject({
    token_type: 'Bearer',
    scope: 'orders.read',
    issued_token_type: `${urn}access_token`,
    refresh_token: '',
    id_token: '',
  });
  const [before, after] = [claimsOf(given), claimsOf(answer.access_token)];
  expect(after).toMatchObject({
    sub,
    aud: backend,
    client_id: 'api',
    exchanged_from: ['app'],
    acr: before['acr'],
    auth_time: before['auth_time'],
  });
  expect(after).not.toHaveProperty('act');
  expect(String(after['jti']).startsWith(`${before['jti']}.`)).toBe(true);
});

test('RFC 8693 §4.1: with an actor token the new one says who acts, and who did before', async () => {
  const fakes = setup();
  const first = await swap(fakes, await personal(fakes), actor(await machine(fakes)));
  expect(claimsOf(first.access_token)).toMatchObject({ sub, act: { sub: 'api' } });
  const second = await swap(fakes, first.access_token, { resource: undefined, ...actor(await machine(fakes, 'backend')) }, 'backend');
  expect(claimsOf(second.access_token)).toMatchObject({
    sub,
    act: { sub: 'backend', act: { sub: 'api' } },
    exchanged_from: ['app', 'api'],
  });
  const washed = await swap(fakes, second.access_token, { resource: undefined }, 'backend');
  expect(claimsOf(washed.access_token)).toMatchObject({ act: { sub: 'backend', act: { sub: 'api' } } });
});

test('RFC 8693 §4.1: a person who acts is named with their client, and introspection shows who acts', async () => {
  const fakes = setup();
  const admin = signIn(fakes, { sub: '0190b3a4-0000-7000-8000-000000000002' });
  const helper = (await obtainTokens(fakes, { scope: 'openid orders.read' }, admin)).access_token;
  const { access_token } = await swap(fakes, await personal(fakes), { resource: undefined, ...actor(helper) }, 'app');
  const act = { sub: '0190b3a4-0000-7000-8000-000000000002', client_id: 'app' };
  const shown = createIntrospectionEndpoint(fakes).introspect(
    endpointRequest({ token: access_token }, basic('app', secret)),
    fakes.clock.now,
  );
  expect(await shown).toMatchObject({ active: true, sub, act });
});

test('RFC 8693 §5: a chain of actors and exchanges has an end', async () => {
  const fakes = setup();
  let token = await personal(fakes, { resource: undefined });
  for (let times = 0; times < 4; times += 1) token = (await swap(fakes, token, { resource: undefined }, 'app')).access_token;
  await refused(swap(fakes, token, { resource: undefined }, 'app'), 'invalid_request', 'token_exchange_too_deep');
});

test.each(['jti', 'grant', 'sid', 'sub', 'client_id'])('house.md: the end of its %s ends what a token was exchanged for', async (what) => {
  const fakes = setup();
  const given = await personal(fakes);
  const { access_token } = await swap(fakes, given);
  const claims = claimsOf(given);
  const id = what === 'grant' ? String(claims['jti']).split('.')[0] : claims[what];
  fakes.revocations.ended.add(String(id));
  expect(fakes.revocations.isRevoked(claimsOf(access_token) as never)).toBe(true);
  await refused(swap(fakes, given), 'invalid_request', 'token_revoked');
});

test('house.md: the end of a client’s own token ends what it was exchanged for', async () => {
  const fakes = setup();
  const given = await machine(fakes, 'app', { resource: api, scope: 'orders.read' });
  const { access_token } = await swap(fakes, given);
  expect(claimsOf(access_token)).toMatchObject({ sub: 'app', client_id: 'api', aud: backend });
  fakes.revocations.ended.add(String(claimsOf(given)['jti']));
  expect(fakes.revocations.isRevoked(claimsOf(access_token) as never)).toBe(true);
});

test('house.md: the new token lives no longer than what it rests on', async () => {
  const fakes = setup({ accessTokenLifetime: 3600 });
  const given = await personal(fakes);
  fakes.clock.advance(100_000);
  const answer = await swap(fakes, given, actor(await machine(fakes)));
  expect(answer.expires_in).toBe(200);
  expect(claimsOf(answer.access_token)['exp']).toBe(claimsOf(given)['exp']);
});

test('RFC 8693 §2.1: the scope is never wider than that of the token, or of the client', async () => {
  const fakes = setup({ scopes: ['openid', 'orders.read', 'profile'] });
  const given = await personal(fakes);
  expect(await swap(fakes, given)).toMatchObject({ scope: 'openid orders.read' });
  await refused(swap(fakes, given, { scope: 'orders.write' }), 'invalid_scope', 'scope_exceeds_grant');
  await refused(swap(fakes, given, { scope: 'profile' }), 'invalid_scope', 'scope_exceeds_grant');
  const offline = await personal(fakes, { scope: 'openid offline_access orders.read' });
  expect(await swap(fakes, offline)).toMatchObject({ scope: 'openid orders.read', refresh_token: '' });
});

test('RFC 8693 §2.1: resource and audience name the target, by its identifier or its client', async () => {
  const fakes = setup({ allowedResources: [], tokenExchange: { ...all, audiences: ['backend'] } });
  const given = await personal(fakes);
  const aud = async (changes: Pairs) => claimsOf((await swap(fakes, given, { resource: undefined, ...changes })).access_token)['aud'];
  expect(await aud({ audience: 'backend' })).toBe(backend);
  expect(await aud({ audience: ['backend', backend], resource: [backend] })).toBe(backend);
  expect(await aud({})).toBe(api);
});

test.each<[string, Pairs, string]>([
  ['an unknown resource', { resource: 'https://nobody.example.test' }, 'resource_unknown'],
  ['a resource that it may not have', { resource: 'https://other.example.test' }, 'resource_not_allowed'],
  ['an unknown audience', { resource: undefined, audience: 'nobody' }, 'resource_not_allowed'],
  ['a client that is no resource', { resource: undefined, audience: 'app' }, 'resource_not_allowed'],
  ['UserInfo, by a token that was not for it', { resource: testIssuer }, 'resource_not_allowed'],
  ['the operators’ API', { resource: `${testIssuer}/admin` }, 'resource_not_allowed'],
  ['two targets', { resource: [backend, api] }, 'resource_not_shared'],
])('RFC 8693 §2.2.2: %s is invalid_target', async (_what, changes, reason) => {
  const fakes = setup({ allowedResources: [backend, api] });
  fakes.clients.add(client({ client_id: 'other', resourceIdentifier: 'https://other.example.test' }), secret);
  await refused(swap(fakes, await personal(fakes), changes), 'invalid_target', reason);
});

test.each<[string, Partial<Client>, Pairs | 'delegate', string, string]>([
  ['without a policy', { tokenExchange: undefined as never }, {}, 'unauthorized_client', 'token_exchange_not_allowed'],
  ['without the grant type', { grant_types: ['client_credentials'] }, {}, 'unauthorized_client', 'grant_type_not_allowed'],
  ['without impersonation', { tokenExchange: { ...all, impersonation: false } }, {}, 'unauthorized_client', 'token_exchange_not_allowed'],
  ['without delegation', { tokenExchange: { ...all, delegation: false } }, 'delegate', 'unauthorized_client', 'token_exchange_not_allowed'],
  ['with its own tokens alone', { tokenExchange: { ...all, subjects: 'own' } }, {}, 'invalid_request', 'subject_token_foreign'],
  [
    'that the token was not sent to',
    { resourceIdentifier: 'https://elsewhere.example.test' },
    {},
    'invalid_request',
    'subject_token_foreign',
  ],
])('RFC 8693 §2.2.2: a client %s is refused', async (_what, changes, more, error, reason) => {
  const fakes = setup(changes);
  const [given, own] = [await personal(fakes), more === 'delegate' ? await machine(fakes) : ''];
  await refused(swap(fakes, given, more === 'delegate' ? actor(own) : more), error, reason);
});

test('RFC 9700 §4.9: a public client exchanges nothing', async () => {
  const fakes = setup();
  fakes.clients.add(client({ client_id: 'native', token_endpoint_auth_method: 'none', grant_types: both, tokenExchange: all }));
  const request = { grant_type, client_id: 'native', subject_token: await personal(fakes), subject_token_type: `${urn}access_token` };
  await refused(exchange(fakes, request, ''), 'unauthorized_client', 'token_exchange_not_allowed');
});

test('RFC 8693 §1.1: an actor token of another client is refused', async () => {
  const fakes = setup();
  await refused(swap(fakes, await personal(fakes), actor(await machine(fakes, 'backend'))), 'invalid_request', 'actor_token_invalid');
});

test('RFC 8725 §3.11: one kind of token is not taken for another', async () => {
  const fakes = setup();
  const tokens = await obtainTokens(fakes, { scope: 'openid offline_access orders.read', resource: api });
  const as = (token: string, kind: string) => swap(fakes, token, { subject_token_type: kind.includes(':') ? kind : urn + kind });
  await refused(as(tokens.id_token, 'access_token'), 'invalid_request', 'token_signature_wrong');
  await refused(as(tokens.refresh_token, 'access_token'), 'invalid_request', 'token_signature_wrong');
  await refused(as(tokens.access_token, 'id_token'), 'invalid_request', 'token_signature_wrong');
  await refused(as(tokens.access_token, 'jwt'), 'invalid_request', 'assertion_malformed');
  await refused(as(tokens.id_token, 'jwt'), 'invalid_request', 'assertion_issuer_foreign');
  for (const kind of ['refresh_token', 'saml2', 'saml1', 'urn:example:token']) {
    await refused(as(tokens.access_token, kind), 'invalid_request', 'token_type_unsupported');
  }
  const userInfoJwt = fakes.signingKeys.sign('RS256', 'JWT', { iss: testIssuer, aud: 'api', sub, exp: 9_999_999_999, iat: 1 });
  await refused(as(userInfoJwt, 'id_token'), 'invalid_request', 'token_kind_wrong');
});

test('RFC 8693 §3: an ID Token is good for its own client, and for what the person allowed it', async () => {
  const fakes = setup();
  const tokens = await obtainTokens(fakes, { scope: 'openid orders.read' });
  const request = { subject_token_type: `${urn}id_token`, resource: api };
  const answer = await swap(fakes, tokens.id_token, request, 'app');
  expect(answer).toMatchObject({ scope: 'openid orders.read' });
  const { sid } = claimsOf(tokens.id_token);
  expect(claimsOf(answer.access_token)).toMatchObject({ sub, aud: api, sid });
  await refused(swap(fakes, tokens.id_token, { ...request, scope: 'orders.write' }, 'app'), 'invalid_scope', 'scope_exceeds_grant');
  await refused(swap(fakes, tokens.id_token, request), 'invalid_request', 'subject_token_foreign');
  fakes.revocations.ended.add(String(sid));
  await refused(swap(fakes, tokens.id_token, request, 'app'), 'invalid_request', 'token_revoked');
});

test('RFC 8693 §4.4: only who may_act names may act, and the claim goes along', async () => {
  const fakes = setup();
  const mint = (may_act: object) => {
    const now = Math.floor(fakes.clock.now / 1000);
    const claims = { iss: testIssuer, sub, aud: api, client_id: 'app', scope: 'orders.read', jti: 'cc.one', iat: now, exp: now + 60 };
    return fakes.signingKeys.sign('ES256', 'at+jwt', { ...claims, may_act });
  };
  const allowed = await swap(fakes, mint({ sub: 'api', iss: testIssuer }), actor(await machine(fakes)));
  expect(claimsOf(allowed.access_token)).toMatchObject({ act: { sub: 'api' }, may_act: { sub: 'api' } });
  await expect(swap(fakes, mint({ client_id: 'api' }))).resolves.toMatchObject({ scope: 'orders.read' });
  for (const other of [{ sub: 'backend' }, { sub: 'api', iss: 'https://other.example.test' }, { sub: 'api', role: 'admin' }, {}]) {
    await refused(swap(fakes, mint(other)), 'invalid_request', 'actor_not_allowed');
  }
});

test('RFC 8693 §3: who asks for a JWT gets an access token that is one, and nothing where those are sealed', async () => {
  const fakes = setup();
  const asked = { requested_token_type: `${urn}jwt` };
  const answer = await swap(fakes, await personal(fakes), asked);
  expect(answer).toMatchObject({ issued_token_type: `${urn}jwt`, token_type: 'Bearer' });
  expect(claimsOf(answer.access_token)).toMatchObject({ sub, aud: backend });
  const sealed = setup({ accessTokenFormat: 'opaque' });
  await refused(swap(sealed, await personal(sealed), asked), 'invalid_request', 'token_type_unsupported');
  await expect(swap(sealed, await personal(sealed))).resolves.toMatchObject({ issued_token_type: `${urn}access_token` });
});

test('RFC 9449 §7: a token that is bound to a key is not taken from somebody who does not show the key', async () => {
  const fakes = setup();
  const now = Math.floor(fakes.clock.now / 1000);
  const claims = { iss: testIssuer, sub, aud: api, client_id: 'app', scope: 'orders.read', jti: 'cc.one', iat: now, exp: now + 60 };
  const bound = fakes.signingKeys.sign('ES256', 'at+jwt', { ...claims, cnf: { jkt: 'a-thumbprint' } });
  await refused(swap(fakes, bound), 'invalid_request', 'subject_token_unproven');
});

test.each<[string, Pairs, string]>([
  ['without a subject token', { subject_token: undefined }, 'parameter_missing'],
  ['without its type', { subject_token_type: undefined }, 'parameter_missing'],
  ['with an actor token without type', { actor_token: 'x' }, 'parameter_missing'],
  ['with a type without actor token', { actor_token_type: `${urn}access_token` }, 'parameter_missing'],
  ['for a refresh token', { requested_token_type: `${urn}refresh_token` }, 'token_type_unsupported'],
  ['for an ID Token', { requested_token_type: `${urn}id_token` }, 'token_type_unsupported'],
  ['with a JWT as actor', { actor_token: 'a.b.c', actor_token_type: `${urn}jwt` }, 'token_type_unsupported'],
  ['with nonsense', { subject_token: 'x' }, 'token_signature_wrong'],
])('RFC 8693 §2.2.2: a request %s is invalid_request', async (_what, changes, reason) => {
  const fakes = setup();
  await refused(swap(fakes, await personal(fakes), changes), 'invalid_request', reason);
});

test('house.md: an expired token, one of a disabled client, and a stale revocation set give nothing', async () => {
  const fakes = setup();
  const given = await personal(fakes);
  fakes.revocations.stale = true;
  await expect(swap(fakes, given)).rejects.toMatchObject({ reason: 'revocations_stale' });
  fakes.revocations.stale = false;
  fakes.clients.add(client({ disabled: true }), secret);
  await refused(swap(fakes, given), 'invalid_request', 'client_disabled');
  fakes.clock.advance(300_000);
  await refused(swap(fakes, given), 'invalid_request', 'token_expired');
});

test('performance.md 1: an exchange of access tokens is one of memory and CPU', () => {
  const { lane } = createTokenEndpoint(setup());
  const given = { grant_type, subject_token: 'x', subject_token_type: `${urn}access_token` };
  expect(lane(endpointRequest(given))).toBe('cpu');
  expect(lane(endpointRequest({ ...given, actor_token_type: `${urn}access_token` }))).toBe('cpu');
  expect(lane(endpointRequest({ ...given, actor_token_type: `${urn}id_token` }))).toBe('store');
  expect(lane(endpointRequest({ ...given, subject_token_type: `${urn}jwt` }))).toBe('store');
  expect(lane(endpointRequest({ ...given, client_assertion: 'x' }))).toBe('store');
});

test('RFC 9449 §7, RFC 8705 §3: who holds the key of a bound token may exchange it, and what comes of it is bound as well', () => {
  const fakes = setup();
  const now = Math.floor(fakes.clock.now / 1000);
  const claims = { iss: testIssuer, sub, aud: api, client_id: 'app', scope: 'orders.read', jti: 'cc.one', iat: now, exp: now + 60 };
  const bound = fakes.signingKeys.sign('ES256', 'at+jwt', { ...claims, cnf: { jkt: 'mine' } });
  const ask = (confirmation: { jkt: string } | undefined) => {
    const parameters = new Map([
      ['subject_token', [bound]],
      ['subject_token_type', [`${urn}access_token`]],
    ]);
    const { evidence } = endpointRequest({});
    return tokenExchange.authorize(
      { client: fakes.clients.find('api') as Client, parameters, evidence, confirmation, now: fakes.clock.now },
      fakes,
    );
  };
  expect(ask({ jkt: 'mine' })).toMatchObject({ sub, scopes: ['orders.read'] });
  for (const shown of [undefined, { jkt: 'other' }])
    expect(() => ask(shown)).toThrow(expect.objectContaining({ reason: 'subject_token_unproven' }));
});

test('RFC 8705 §3: what is exchanged for a token that is bound to a certificate is bound to it, also for a client that does not bind its own', async () => {
  const fakes = setup();
  const now = Math.floor(fakes.clock.now / 1000);
  const claims = { iss: testIssuer, sub, aud: api, client_id: 'app', scope: 'orders.read', jti: 'cc.one', iat: now, exp: now + 60 };
  const cnf = { 'x5t#S256': createHash('sha256').update('certificate').digest('base64url') };
  const subject_token = fakes.signingKeys.sign('ES256', 'at+jwt', { ...claims, cnf });
  const request = endpointRequest(
    { grant_type, subject_token, subject_token_type: `${urn}access_token`, resource: backend },
    basic('api', secret),
  );
  const evidence = { ...request.evidence, tls_client_certificate: Buffer.from('certificate') };
  const answer = await createTokenEndpoint(fakes).exchange({ ...request, evidence }, fakes.clock.now);
  expect(claimsOf(answer.access_token)).toMatchObject({ cnf });
});

test('OpenID Connect Core §8.1: what is exchanged for a pairwise client names the person in its own sector, and back', async () => {
  const fakes = setup({ subject_type: 'pairwise', redirect_uris: ['https://middle.example.test/cb'] });
  const given = await personal(fakes);
  const { access_token } = await swap(fakes, given, { resource: undefined });
  const toldIn = (token: string) => readAccessToken(token, fakes)?.told?.sub;
  const told = toldIn(access_token);
  expect(told).toMatch(/^[\w-]{43}$/);
  const next = await swap(fakes, access_token);
  expect(toldIn(next.access_token)).toBe(told);
  const { access_token: back } = await swap(fakes, next.access_token, { resource: undefined }, 'backend');
  expect(claimsOf(back)['sub']).toBe(sub);
});

test('OpenID Connect Core §8.1: a person who acts is not carried from the sector of a pairwise client to another', async () => {
  const fakes = setup();
  const app = client({ scopes: everything, grant_types: both, allowedResources: [api], tokenExchange: all, subject_type: 'pairwise' });
  fakes.clients.add(app, secret);
  const admin = signIn(fakes, { sub: '0190b3a4-0000-7000-8000-000000000002' });
  const helper = (await obtainTokens(fakes, { scope: 'openid orders.read' }, admin)).access_token;
  const delegated = await swap(fakes, await personal(fakes), { resource: undefined, ...actor(helper) }, 'app');
  await refused(swap(fakes, delegated.access_token), 'invalid_request', 'subject_token_foreign');
});

test('RFC 8693 §3: by an ID Token nothing is given that the person allowed for another resource', async () => {
  const fakes = setup();
  const tokens = await obtainTokens(fakes, { scope: 'openid orders.read', resource: api });
  const request = { subject_token_type: `${urn}id_token`, scope: 'orders.read' };
  await refused(swap(fakes, tokens.id_token, { ...request, resource: undefined }, 'app'), 'invalid_scope', 'scope_exceeds_grant');
  await expect(swap(fakes, tokens.id_token, { ...request, resource: api }, 'app')).resolves.toMatchObject({ scope: 'orders.read' });
});
