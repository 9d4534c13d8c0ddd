import {
  answerOf,
  authorizationRequest,
  authorize,
  client,
  obtainCode,
  obtainTokens,
  pageOf,
  type Pairs,
  parametersOf,
  type ProtocolFakes,
  protocolFakes,
  redirect_uri,
  secret,
  signIn,
  sub,
  testIssuer,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createAuthorizeEndpoint } from './authorize.ts';

function setup(changes = {}): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client(changes), secret);
  fakes.identities.all.set(sub, { name: 'Ada', email: 'ada@example.test' });
  return fakes;
}

const request = (fakes: ProtocolFakes, changes: Pairs = {}, session = '') =>
  authorize(fakes, { parameters: parametersOf(authorizationRequest(changes)), session });

test('RFC 6749 §4.1: signed out, then signed in, then consent, then the code', async () => {
  const fakes = setup();
  const login = pageOf(await request(fakes, { scope: 'openid orders.read', login_hint: 'ada@example.test', ui_locales: 'de fr-CH' }));
  expect(login).toMatchObject({
    kind: 'login',
    details: {
      client: { client_id: 'app', client_name: 'App' },
      resources: [],
      ...{ login_hint: 'ada@example.test', ui_locales: ['de', 'fr-CH'], sub: '', reauthenticate: false },
      redirect_origin: 'https://app.example.test',
    },
  });
  const session = signIn(fakes);
  const consent = pageOf(await authorize(fakes, { interaction: login.handle, session }));
  expect(consent).toMatchObject({ handle: login.handle, kind: 'consent', details: { sub } });
  expect(consent.details.scopes).toEqual([
    { name: 'openid', description: 'Use openid', granted_before: false },
    { name: 'orders.read', description: 'Use orders.read', granted_before: false },
  ]);
  const answer = answerOf(await authorize(fakes, { interaction: login.handle, session, decision: 'allow' }));
  expect(answer).toMatchObject({ redirect_uri, response_mode: 'query', values: { code: 'code-1', state: 'the state', iss: testIssuer } });
});

test('house.md: authorize seals what the tokens need into the code and stores nothing durable but the consent', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  await obtainCode(fakes, { scope: 'openid offline_access', nonce: 'n' }, session);
  expect(fakes.authorizationCodes.envelopes.get('code-1')).toMatchObject({
    version: 1,
    ...{ client_id: 'app', redirect_uri, redirectUriGiven: true, scopes: ['openid', 'offline_access'], resources: [], nonce: 'n', sub },
    authentication: {
      auth_time: fakes.clock.now / 1000,
      acr: 'urn:authority:pwd',
      amr: ['pwd'],
      sid: 's_session-1',
      authTimeRequired: false,
    },
    ...{ offline: true, refresh: true, issuedAt: fakes.clock.now, expiresAt: fakes.clock.now + 60_000 },
    grantExpiresAt: fakes.clock.now + 30 * 86_400_000,
  });
  expect(fakes.grants.rows).toEqual([]);
});

test('OpenID Connect Core §3.1.2.4: consent is remembered per client, scope and resource', async () => {
  const fakes = setup({ allowedResources: ['https://api.example.test'] });
  fakes.clients.resources.add('https://api.example.test');
  const session = signIn(fakes);
  await obtainCode(fakes, { scope: 'openid profile' }, session);
  expect(answerOf(await request(fakes, { scope: 'openid' }, session)).values).toHaveProperty('code');
  const wider = pageOf(await request(fakes, { scope: 'openid email' }, session));
  expect(wider.kind).toBe('consent');
  expect(wider.details.scopes.map(({ granted_before }) => granted_before)).toEqual([true, false]);
  expect(pageOf(await request(fakes, { resource: 'https://api.example.test' }, session)).kind).toBe('consent');
  expect(pageOf(await request(fakes, { prompt: 'consent' }, session)).kind).toBe('consent');
  fakes.clients.add(client({ client_id: 'other' }), secret);
  expect(pageOf(await request(fakes, { client_id: 'other' }, session)).kind).toBe('consent');
});

test('OpenID Connect Core §3.1.2.4: the operator’s own application is not asked', async () => {
  const fakes = setup({ consentSkipped: true });
  expect(answerOf(await request(fakes, { prompt: 'consent' }, signIn(fakes))).values).toHaveProperty('code');
  expect(fakes.consents.all.size).toBe(0);
});

test.each([
  ['a loopback port', 'http://127.0.0.1/cb', 'http://127.0.0.1:53211/cb', 'consent'],
  ['a private-use scheme', 'com.example.app:/cb', 'com.example.app:/cb', 'consent'],
  ['a claimed https address', 'https://app.example.test/cb', 'https://app.example.test/cb', 'respond'],
])('RFC 8252 §8.6: a public client at %s', async (_what, registered, asked, next) => {
  // consentSkipped does not help a client that anybody could be.
  const changes = { token_endpoint_auth_method: 'none', application_type: 'native', redirect_uris: [registered] };
  const fakes = setup({ ...changes, consentSkipped: next === 'consent' });
  const session = signIn(fakes);
  await obtainCode(fakes, { redirect_uri: asked }, session);
  const again = await request(fakes, { redirect_uri: asked }, session);
  expect(again.$case === 'interaction' ? again.value.kind : again.$case).toBe(next);
});

test('OpenID Connect Core §11: offline_access is consented to by name, and passed over where it has no use', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  await obtainCode(fakes, { scope: 'openid' }, session);
  expect(pageOf(await request(fakes, { scope: 'openid offline_access' }, session)).kind).toBe('consent');
  const scopesOf = async (scope: string, changes = {}) =>
    pageOf(await request(setup(changes), { scope })).details.scopes.map(({ name }) => name);
  expect(await scopesOf('openid offline_access')).toEqual(['openid', 'offline_access']);
  expect(await scopesOf('orders.read offline_access')).toEqual(['orders.read']);
  expect(await scopesOf('openid offline_access', { grant_types: ['authorization_code'] })).toEqual(['openid']);
});

test('RFC 6749 §4.1.2.1: Deny is access_denied, and ends the interaction', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  const { handle } = pageOf(await request(fakes, {}, session));
  const answer = answerOf(await authorize(fakes, { interaction: handle, session, decision: 'deny' }));
  expect(answer).toMatchObject({ reason: 'consent_denied', values: { error: 'access_denied', state: 'the state', iss: testIssuer } });
  const again = authorize(fakes, { interaction: handle, session, decision: 'allow' });
  await expect(again).rejects.toMatchObject({ error: 'invalid_request', reason: 'interaction_unknown' });
});

test('house.md: an interaction answers once', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  const { handle } = pageOf(await request(fakes, {}, session));
  const steps = Array.from({ length: 5 }, () => authorize(fakes, { interaction: handle, session, decision: 'allow' }));
  const results = await Promise.allSettled(steps);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('house.md: a decision counts only for the page it belongs to', async () => {
  const fakes = setup();
  const { handle } = pageOf(await request(fakes));
  expect(pageOf(await authorize(fakes, { interaction: handle, decision: 'allow' })).kind).toBe('login');
  const session = signIn(fakes);
  expect(pageOf(await authorize(fakes, { interaction: handle, session, decision: 'continue' })).kind).toBe('consent');
  // Without an interaction nothing was shown, so nothing was decided.
  const parameters = parametersOf(authorizationRequest());
  expect(pageOf(await authorize(fakes, { parameters, session, decision: 'allow' })).kind).toBe('consent');
});

test('house.md: an interaction belongs to the browser that began it', async () => {
  const fakes = setup();
  const { handle } = pageOf(await request(fakes));
  const refusal = { error: 'invalid_request', reason: 'interaction_of_other_browser' };
  await expect(authorize(fakes, { interaction: handle, browser: 'another' })).rejects.toMatchObject(refusal);
  await expect(authorize(fakes, { interaction: handle, browser: '' })).rejects.toMatchObject(refusal);
  await expect(createAuthorizeEndpoint(fakes).interaction(handle, 'another', fakes.clock.now)).rejects.toMatchObject(refusal);
  await expect(authorize(fakes, { parameters: parametersOf(authorizationRequest()), browser: '' })).rejects.toMatchObject(refusal);
});

test('house.md: an interaction ends after its time', async () => {
  const fakes = setup();
  const { handle } = pageOf(await request(fakes));
  fakes.clock.advance(3_600_000);
  await expect(authorize(fakes, { interaction: handle })).rejects.toMatchObject({
    error: 'invalid_request',
    reason: 'interaction_unknown',
  });
  await expect(authorize(fakes, { interaction: 'made-up' })).rejects.toMatchObject({
    error: 'invalid_request',
    reason: 'interaction_unknown',
  });
});

test('house.md: a POST from another site is stored unbound, and bound by the GET that follows', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  const parameters = parametersOf(authorizationRequest());
  const resumed = await authorize(fakes, { parameters, browser: '', cross_site: true });
  expect(resumed).toEqual({ $case: 'resume', value: 'interaction-1' });
  const shown = createAuthorizeEndpoint(fakes).interaction('interaction-1', 'browser-1', fakes.clock.now);
  await expect(shown).rejects.toMatchObject({ reason: 'interaction_of_other_browser' });
  expect(pageOf(await authorize(fakes, { interaction: 'interaction-1', session }))).toMatchObject({
    kind: 'consent',
    handle: 'interaction-1',
  });
  await expect(authorize(fakes, { interaction: 'interaction-1', browser: 'another' })).rejects.toMatchObject({
    reason: 'interaction_of_other_browser',
  });
  const wrong = await authorize(fakes, { parameters: parametersOf(authorizationRequest({ scope: 'nobody.knows' })), cross_site: true });
  expect(answerOf(wrong).values).toMatchObject({ error: 'invalid_scope' });
});

test('OpenID Connect Core §3.1.2.3: a request that came unbound asks for a sign-in of its browser, not for one before it', async () => {
  const fakes = setup();
  const parameters = parametersOf(authorizationRequest({ prompt: 'login' }));
  await authorize(fakes, { parameters, browser: '', cross_site: true });
  // Somebody stored it before the person signed in for something else.
  fakes.clock.now += 60_000;
  const session = signIn(fakes);
  fakes.clock.now += 60_000;
  const next = pageOf(await authorize(fakes, { interaction: 'interaction-1', session }));
  expect(next).toMatchObject({ kind: 'login', details: { reauthenticate: true } });
  fakes.clock.now += 1_000;
  expect(pageOf(await authorize(fakes, { interaction: 'interaction-1', session: signIn(fakes) })).kind).toBe('consent');
});

test('RFC 6749 §3.3: scopes that a client registers while its page is open are not on it, and not given', async () => {
  const fakes = setup({ scopes: ['orders.read'] });
  const session = signIn(fakes);
  const { handle, details } = pageOf(await request(fakes, { scope: undefined }, session));
  expect(details.scopes.map(({ name }) => name)).toEqual(['orders.read']);
  fakes.clients.add(client({ scopes: ['orders.read', 'orders.write'] }), secret);
  const shown = await createAuthorizeEndpoint(fakes).interaction(handle, 'browser-1', fakes.clock.now, session);
  expect(shown.details?.scopes.map(({ name }) => name)).toEqual(['orders.read']);
  answerOf(await authorize(fakes, { interaction: handle, session, decision: 'allow' }));
  expect(fakes.authorizationCodes.envelopes.get('code-1')?.scopes).toEqual(['orders.read']);
  expect(fakes.consents.all.get(`${sub}/app`)).toMatchObject([{ scopes: ['orders.read'] }]);
});

test('pages.md: a page is told what it shows, with the name of whoever is signed in', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  const { handle } = pageOf(await request(fakes, {}, session));
  const { interaction } = createAuthorizeEndpoint(fakes);
  expect(await interaction(handle, 'browser-1', fakes.clock.now, session)).toMatchObject({
    kind: 'consent',
    details: { sub, signed_in_as: 'Ada' },
  });
  expect(await interaction(handle, 'browser-1', fakes.clock.now)).toMatchObject({ kind: 'login', details: { sub: '', signed_in_as: '' } });
  fakes.identities.away = true;
  expect(await interaction(handle, 'browser-1', fakes.clock.now, session)).toMatchObject({
    kind: 'consent',
    details: { signed_in_as: '' },
  });
  fakes.clients.add(client({ consentSkipped: true }), secret);
  expect(await interaction(handle, 'browser-1', fakes.clock.now, session)).toMatchObject({ kind: 'none' });
});

test('pages.md: a request whose answer is an error has no page; one that is no longer valid says so', async () => {
  const fakes = setup();
  const parameters = parametersOf(authorizationRequest({ prompt: 'none' }));
  await authorize(fakes, { parameters, cross_site: true });
  await fakes.authorizationRequests.bind('interaction-1', 'browser-1', fakes.clock.now);
  const { interaction } = createAuthorizeEndpoint(fakes);
  expect(await interaction('interaction-1', 'browser-1', fakes.clock.now)).toMatchObject({ kind: 'none' });
  expect(answerOf(await authorize(fakes, { interaction: 'interaction-1' })).values).toMatchObject({ error: 'login_required' });
  const { handle } = pageOf(await request(fakes));
  fakes.clients.add(client({ scopes: [] }), secret);
  await expect(interaction(handle, 'browser-1', fakes.clock.now)).rejects.toMatchObject({ error: 'invalid_scope' });
  expect(answerOf(await authorize(fakes, { interaction: handle })).values).toMatchObject({ error: 'invalid_scope' });
});

test('house.md: a session that has ended is none', async () => {
  const fakes = setup();
  const session = signIn(fakes, { expiresAt: fakes.clock.now });
  expect(pageOf(await request(fakes, {}, session)).kind).toBe('login');
  expect(pageOf(await request(fakes, {}, 'made-up')).kind).toBe('login');
});

test('OpenID Connect Core §3.1.2.1: id_token_hint names who must be signed in', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  const { id_token } = await obtainTokens(fakes, {}, session);
  fakes.clock.advance(100_000_000);
  const mine = signIn(fakes);
  const theirs = signIn(fakes, { sub: 'somebody else' });
  expect(answerOf(await request(fakes, { id_token_hint: id_token }, mine)).values).toHaveProperty('code');
  const none = answerOf(await request(fakes, { id_token_hint: id_token, prompt: 'none' }, theirs));
  expect(none.values).toMatchObject({ error: 'login_required' });
  const login = pageOf(await request(fakes, { id_token_hint: id_token }, theirs));
  expect(login).toMatchObject({ kind: 'login', details: { reauthenticate: true } });
  fakes.clock.advance(1);
  const again = answerOf(await authorize(fakes, { interaction: login.handle, session: signIn(fakes, { sub: 'somebody else' }) }));
  expect(again).toMatchObject({ values: { error: 'login_required' }, reason: 'id_token_hint_of_other_subject' });
});

test('RFC 8725 §3.11: an id_token_hint that is another kind of token, of another client or forged is invalid_request', async () => {
  const fakes = setup();
  fakes.clients.add(client({ client_id: 'other' }), secret);
  const session = signIn(fakes);
  const { id_token, access_token } = await obtainTokens(fakes, {}, session);
  const foreign = await request(fakes, { id_token_hint: id_token, client_id: 'other' }, session);
  const answers = [
    foreign,
    ...(await Promise.all([access_token, 'x', 'a.b.c', `${id_token}x`].map((hint) => request(fakes, { id_token_hint: hint }, session)))),
  ];
  for (const answer of answers)
    expect(answerOf(answer)).toMatchObject({ reason: 'id_token_hint_invalid', values: { error: 'invalid_request' } });
});
