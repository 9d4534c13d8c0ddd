import {
  answerOf,
  authorizationRequest,
  authorize,
  basic,
  claimsOf,
  client,
  codeRequest,
  endpointRequest,
  exchange,
  obtainCode,
  obtainTokens,
  pageOf,
  type Pairs,
  parametersOf,
  type ProtocolFakes,
  protocolFakes,
  secret,
  signIn,
  sub,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createIntrospectionEndpoint } from '../endpoints/introspection.ts';
import { createUserInfoEndpoint } from '../endpoints/user-info.ts';

function setup(changes = {}): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client(changes), secret);
  fakes.identities.all.set(sub, { name: 'Ada', nickname: 'A', email: 'ada@example.test' });
  return fakes;
}

const asking = (claims: object): Pairs => ({ claims: JSON.stringify(claims) });

const request = (fakes: ProtocolFakes, changes: Pairs, session = '') =>
  authorize(fakes, { parameters: parametersOf(authorizationRequest(changes)), session });

async function userInfo(fakes: ProtocolFakes, token: string): Promise<unknown> {
  const { body } = await createUserInfoEndpoint(fakes).userInfo(endpointRequest({}, `Bearer ${token}`), fakes.clock.now);
  return JSON.parse(body);
}

test('OpenID Connect Core §5.5: UserInfo answers what was asked for by name, after a refresh as well', async () => {
  const fakes = setup();
  const asked = asking({ userinfo: { nickname: { essential: true }, groups: null } });
  const tokens = await obtainTokens(fakes, { scope: 'openid email offline_access', ...asked });
  expect(await userInfo(fakes, tokens.access_token)).toEqual({ sub, email: 'ada@example.test', nickname: 'A' });
  const later = await exchange(fakes, { grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
  expect(await userInfo(fakes, later.access_token)).toEqual({ sub, email: 'ada@example.test', nickname: 'A' });
});

test('OpenID Connect Core §5.5: the ID Token brings what was asked for by name, UserInfo does not', async () => {
  const fakes = setup();
  const tokens = await obtainTokens(fakes, asking({ id_token: { email: null, auth_time: { essential: true } } }));
  expect(claimsOf(tokens.id_token)).toMatchObject({ email: 'ada@example.test', auth_time: fakes.clock.now / 1000 });
  expect(await userInfo(fakes, tokens.access_token)).toEqual({ sub });
});

test('OpenID Connect Core §5.5: beside an access token of the browser the ID Token brings what was asked for by name', async () => {
  const fakes = setup({ response_types: ['id_token token'], grant_types: ['implicit'], consentSkipped: true });
  const asked = asking({ id_token: { nickname: null } });
  const scope = 'openid email';
  const { values } = answerOf(await request(fakes, { response_type: 'id_token token', nonce: 'n', scope, ...asked }, signIn(fakes)));
  expect(claimsOf(values['id_token'] ?? '')).toMatchObject({ nickname: 'A' });
  expect(claimsOf(values['id_token'] ?? '')).not.toHaveProperty('email');
});

test('RFC 9700 §2.3: a claim whose scope the client may not ask for is passed over', async () => {
  const fakes = setup({ scopes: ['openid'] });
  const tokens = await obtainTokens(fakes, asking({ userinfo: { email: { essential: true } }, id_token: { name: null } }));
  expect(await userInfo(fakes, tokens.access_token)).toEqual({ sub });
  expect(claimsOf(tokens.id_token)).not.toHaveProperty('name');
});

test('OpenID Connect Core §5.5: without openid no claim is answered, or kept', async () => {
  const fakes = setup();
  await obtainTokens(fakes, { scope: 'orders.read', ...asking({ userinfo: { email: null }, id_token: { email: null } }) });
  expect(fakes.grants.rows[0]?.grant).not.toHaveProperty('userinfo_claims');
});

test('OpenID Connect Core §3.1.2.4: a claim asked for by name is consented to by the scope that stands for it', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  const page = pageOf(await request(fakes, asking({ userinfo: { email: null } }), session));
  expect(page.kind).toBe('consent');
  expect(page.details.scopes.map(({ name }) => name)).toEqual(['openid', 'email']);
  await authorize(fakes, { interaction: page.handle, session, decision: 'allow' });
  expect(answerOf(await request(fakes, asking({ id_token: { email_verified: null } }), session)).values).toHaveProperty('code');
  expect(pageOf(await request(fakes, asking({ userinfo: { name: null } }), session)).kind).toBe('consent');
});

test('house.md: what a page did not show is not given, though the client may ask for it since', async () => {
  const fakes = setup({ scopes: ['openid'] });
  const session = signIn(fakes);
  const page = pageOf(await request(fakes, asking({ userinfo: { email: null }, id_token: { email: null } }), session));
  fakes.clients.add(client());
  const { values } = answerOf(await authorize(fakes, { interaction: page.handle, session, decision: 'allow' }));
  const tokens = await exchange(fakes, codeRequest(values['code'] ?? ''));
  expect(await userInfo(fakes, tokens.access_token)).toEqual({ sub });
  expect(claimsOf(tokens.id_token)).not.toHaveProperty('email');
});

test('OpenID Connect Core §3.1.2.2: only the subject that claims names is answered for', async () => {
  const other = '0190b3a4-0000-7000-8000-000000000002';
  const named = (value: unknown): Pairs => asking({ id_token: { sub: { value } } });
  const fakes = setup({ consentSkipped: true });
  const session = signIn(fakes);
  expect(answerOf(await request(fakes, named(sub), session)).values).toHaveProperty('code');
  const page = pageOf(await request(fakes, named(other), session));
  expect(page).toMatchObject({ kind: 'login', details: { reauthenticate: true } });
  fakes.clock.advance(1000);
  const again = answerOf(await authorize(fakes, { interaction: page.handle, session: signIn(fakes) }));
  expect(again).toMatchObject({ values: { error: 'login_required' }, reason: 'claims_of_other_subject' });
  for (const value of [other, 1, null, { toString: sub }]) {
    const answer = answerOf(await request(fakes, { prompt: 'none', ...named(value) }, session));
    expect(answer.values).toMatchObject({ error: 'login_required' });
  }
});

test('OpenID Connect Core §5.5.1.1: an acr that is not essential is as voluntary as acr_values, and goes before them', async () => {
  const fakes = setup({ consentSkipped: true });
  const session = signIn(fakes);
  const asked = { acr_values: 'urn:authority:pwd', ...asking({ id_token: { acr: { value: 'urn:authority:mfa' } } }) };
  expect(pageOf(await request(fakes, asked, session)).kind).toBe('login');
  expect(answerOf(await request(fakes, { ...asked, prompt: 'none' }, session)).values).toHaveProperty('code');
});

test('OpenID Connect Core §5.5: identity being away uses no code up; a person who is gone is invalid_grant', async () => {
  const fakes = setup();
  const code = await obtainCode(fakes, asking({ id_token: { email: null } }));
  fakes.identities.away = true;
  await expect(exchange(fakes, codeRequest(code))).rejects.toMatchObject({ reason: 'peer_unavailable' });
  fakes.identities.away = false;
  expect(claimsOf((await exchange(fakes, codeRequest(code))).id_token)).toHaveProperty('email');
  const gone = await obtainCode(fakes, asking({ id_token: { email: null } }));
  fakes.identities.all.clear();
  await expect(exchange(fakes, codeRequest(gone))).rejects.toMatchObject({ error: 'invalid_grant', reason: 'subject_revoked' });
});

test('RFC 7662 §2.2: what UserInfo was asked for is in no introspection, and in no token for another audience', async () => {
  const api = 'https://api.example.test';
  const fakes = setup({ allowedResources: [api] });
  fakes.clients.add(client({ client_id: 'api', resourceIdentifier: api }), secret);
  const asked = asking({ userinfo: { nickname: null } });
  const { access_token } = await obtainTokens(fakes, asked);
  expect(claimsOf(access_token)).toMatchObject({ userinfo_claims: ['nickname'] });
  const answer = await createIntrospectionEndpoint(fakes).introspect(
    endpointRequest({ token: access_token }, basic('app', secret)),
    fakes.clock.now,
  );
  expect(answer).toMatchObject({ active: true });
  expect(answer).not.toHaveProperty('userinfo_claims');
  const elsewhere = await obtainTokens(fakes, { ...asked, resource: api });
  expect(claimsOf(elsewhere.access_token)).not.toHaveProperty('userinfo_claims');
});
