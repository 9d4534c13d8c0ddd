import { createPrivateKey, createPublicKey } from 'node:crypto';
import {
  answerOf,
  authorizationRequest,
  authorize,
  basic,
  client,
  DpopKey,
  endpointRequest,
  evidence,
  type Pairs,
  pageOf,
  parametersOf,
  type ProtocolFakes,
  protocolFakes,
  publicClient,
  secret,
  signIn,
  testIssuer,
  testKeys,
} from '@authority/testing/protocol';
import fc from 'fast-check';
import { type JWTPayload, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { createPushedAuthorizationEndpoint } from './pushed-authorization.ts';

const key = createPrivateKey({ key: { ...testKeys.clientES256 }, format: 'jwk' });
const jwks = { keys: [{ ...createPublicKey(key).export({ format: 'jwk' }) }] };

function setup(changes = {}): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client({ jwks, consentSkipped: true, ...changes }), secret);
  fakes.clients.add(client({ client_id: 'other', consentSkipped: true }), secret);
  return fakes;
}

const push = (fakes: ProtocolFakes, pairs: Pairs = authorizationRequest(), authorization = basic('app', secret)) =>
  createPushedAuthorizationEndpoint(fakes).push(endpointRequest(pairs, authorization), fakes.clock.now);

const begin = (fakes: ProtocolFakes, request_uri: string, more: Pairs = {}, session = '') =>
  authorize(fakes, { parameters: parametersOf({ client_id: 'app', request_uri, ...more }), session });

const objectOf = (fakes: ProtocolFakes, changes: JWTPayload = {}): Promise<string> => {
  const claims = Object.fromEntries(parametersOf(authorizationRequest()).map(({ name, value }) => [name, value]));
  return new SignJWT({ ...claims, iss: 'app', aud: testIssuer, exp: fakes.clock.now / 1000 + 60, ...changes })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(key);
};

test('RFC 9126 §2.2: a request is kept under an unguessable name, for a minute', async () => {
  const fakes = setup();
  const { request_uri, expires_in } = await push(fakes);
  expect(request_uri).toMatch(/^urn:ietf:params:oauth:request_uri:.+/);
  expect(expires_in).toBe(60);
  expect(answerOf(await begin(fakes, request_uri, {}, signIn(fakes))).values).toMatchObject({ code: 'code-1', state: 'the state' });
});

test('RFC 9126 §2.1: credentials are not kept, and client_id is where only Basic named it', async () => {
  const fakes = setup({ token_endpoint_auth_method: 'client_secret_post' });
  await push(fakes, authorizationRequest({ client_secret: secret }), '');
  const [stored] = fakes.pushedRequests.all.values();
  expect(JSON.stringify(stored)).not.toContain(secret);
  const others = setup();
  const { request_uri } = await push(others, authorizationRequest({ client_id: undefined }));
  expect(pageOf(await begin(others, request_uri)).kind).toBe('login');
});

test('OpenID Connect Core §5.5: a pushed request asks for claims as any other', async () => {
  const fakes = setup();
  const claims = JSON.stringify({ userinfo: { email: null } });
  const { request_uri } = await push(fakes, authorizationRequest({ claims }));
  const { values } = answerOf(await begin(fakes, request_uri, {}, signIn(fakes)));
  expect(fakes.authorizationCodes.envelopes.get(values['code'] ?? '')).toMatchObject({ userinfo_claims: ['email'] });
});

test('RFC 9126 §4: parameters beside request_uri do not count', async () => {
  const fakes = setup();
  const { request_uri } = await push(fakes);
  const beside = { redirect_uri: 'https://evil.example.test', state: 'evil', scope: 'openid email', response_mode: 'form_post' };
  const answer = answerOf(await begin(fakes, request_uri, beside, signIn(fakes)));
  expect(answer).toMatchObject({
    redirect_uri: 'https://app.example.test/callback',
    response_mode: 'query',
    values: { state: 'the state' },
  });
  expect(fakes.authorizationCodes.envelopes.get('code-1')?.scopes).toEqual(['openid']);
});

test('RFC 9126 §7.3: one answer for one pushed request; a look at it uses nothing up', async () => {
  const fakes = setup();
  const { request_uri } = await push(fakes);
  const first = pageOf(await begin(fakes, request_uri));
  const second = pageOf(await begin(fakes, request_uri));
  fakes.clock.advance(120_000);
  const session = signIn(fakes);
  expect(answerOf(await authorize(fakes, { interaction: second.handle, session })).values).toHaveProperty('code');
  await expect(authorize(fakes, { interaction: first.handle, session })).rejects.toMatchObject({
    error: 'invalid_request_uri',
    reason: 'request_uri_used',
  });
  await expect(begin(fakes, request_uri, {}, session)).rejects.toMatchObject({
    error: 'invalid_request_uri',
    reason: 'request_uri_unknown',
  });
  expect(fakes.authorizationCodes.envelopes.size).toBe(1);
});

test('RFC 9126 §7.3: an error is an answer as well', async () => {
  const fakes = setup();
  const { request_uri } = await push(fakes, authorizationRequest({ prompt: 'none' }));
  expect(answerOf(await begin(fakes, request_uri)).values).toMatchObject({ error: 'login_required' });
  await expect(begin(fakes, request_uri)).rejects.toMatchObject({ reason: 'request_uri_unknown' });
});

test('RFC 9126 §2.2: a request_uri ends, is bound to its client, and is no other text', async () => {
  const fakes = setup();
  const { request_uri } = await push(fakes);
  await expect(begin(fakes, request_uri, { client_id: 'other' })).rejects.toMatchObject({ reason: 'request_uri_of_other_client' });
  await expect(begin(fakes, request_uri, { client_id: undefined })).rejects.toMatchObject({ reason: 'parameter_missing' });
  await expect(begin(fakes, request_uri, { client_id: ['app', 'other'] })).rejects.toMatchObject({ reason: 'parameter_repeated' });
  await expect(begin(fakes, request_uri, { request: 'a.b.c' })).rejects.toMatchObject({ reason: 'parameter_repeated' });
  await expect(begin(fakes, `${request_uri}x`)).rejects.toMatchObject({ reason: 'request_uri_unknown' });
  await expect(begin(fakes, request_uri.toUpperCase())).rejects.toMatchObject({ reason: 'request_uri_foreign' });
  expect(pageOf(await begin(fakes, request_uri)).kind).toBe('login');
  fakes.clock.advance(60_000);
  await expect(begin(fakes, request_uri)).rejects.toMatchObject({ error: 'invalid_request_uri', reason: 'request_uri_expired' });
});

const refused: readonly (readonly [string, Pairs, string, string])[] = [
  ['RFC 9126 §2.1: request_uri', { request_uri: 'urn:x' }, 'invalid_request', 'request_uri_pushed'],
  ['RFC 9126 §2.1: an empty request_uri', { request_uri: '' }, 'invalid_request', 'request_uri_pushed'],
  [
    'RFC 9126 §2.3: a redirect URI that is not registered',
    { redirect_uri: 'https://evil.example.test' },
    'invalid_request',
    'redirect_uri_foreign',
  ],
  ['RFC 9126 §2.3: an unknown scope', { scope: 'nobody.knows' }, 'invalid_scope', 'scope_unknown'],
  ['RFC 9126 §2.3: no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request', 'code_challenge_missing'],
  ['RFC 9126 §2.3: no response_type', { response_type: undefined }, 'invalid_request', 'parameter_missing'],
  ['RFC 9126 §2.3: a repetition', { state: ['a', 'b'] }, 'invalid_request', 'parameter_repeated'],
  ['RFC 9126 §7.1: a request without an end', { login_hint: 'x'.repeat(17_000) }, 'invalid_request', 'parameter_invalid'],
  ['RFC 9126 §2.3: another client_id', { client_id: 'other' }, 'invalid_request', 'client_authentication_repeated'],
  ['RFC 9126 §2.3: prompt none and login', { prompt: 'none login' }, 'invalid_request', 'prompt_none_with_others'],
  ['RFC 9126 §3: a request object that is none', { request: 'x' }, 'invalid_request_object', 'request_object_invalid'],
];
test.each(refused)('%s is told to the client at once', async (_title, changes, error, reason) => {
  const fakes = setup();
  await expect(push(fakes, authorizationRequest(changes))).rejects.toMatchObject({ error, reason });
  expect(fakes.pushedRequests.all.size).toBe(0);
});

test('RFC 9126 §2: the client authenticates as at the token endpoint', async () => {
  const fakes = setup();
  await expect(push(fakes, authorizationRequest(), basic('app', 'wrong'))).rejects.toMatchObject({ error: 'invalid_client' });
  await expect(push(fakes, authorizationRequest(), '')).rejects.toMatchObject({ error: 'invalid_client' });
  fakes.clients.add(publicClient());
  expect(await push(fakes, authorizationRequest({ client_id: 'native' }), '')).toHaveProperty('request_uri');
});

test('RFC 9126 §3: in a pushed request object nothing beside it counts, and its client is the one that authenticates', async () => {
  const fakes = setup();
  const request = await objectOf(fakes);
  const { request_uri } = await push(fakes, { request, scope: 'openid email', state: 'beside' });
  expect(answerOf(await begin(fakes, request_uri, {}, signIn(fakes))).values).toMatchObject({ state: 'the state' });
  await expect(push(fakes, { request: await objectOf(fakes, { client_id: 'other', iss: 'other' }) })).rejects.toMatchObject({
    error: 'invalid_request_object',
  });
});

test('RFC 9126 §5, §6: where requests must be pushed, others are refused', async () => {
  const byClient = setup({ require_pushed_authorization_requests: true });
  const byServer = setup();
  byServer.policy.mustPush = true;
  for (const fakes of [byClient, byServer]) {
    const plain = await authorize(fakes, { parameters: parametersOf(authorizationRequest()) });
    expect(answerOf(plain)).toMatchObject({ reason: 'request_not_pushed', values: { error: 'invalid_request', state: 'the state' } });
    const signed = await authorize(fakes, { parameters: parametersOf({ client_id: 'app', request: await objectOf(fakes) }) });
    expect(answerOf(signed)).toMatchObject({ reason: 'request_not_pushed' });
    const page = pageOf(await begin(fakes, (await push(fakes)).request_uri));
    fakes.clock.advance(1);
    expect(answerOf(await authorize(fakes, { interaction: page.handle, session: signIn(fakes) })).values).toHaveProperty('code');
  }
});

test('RFC 9101 §10.5: where requests must be signed, others are refused, pushed or not', async () => {
  const byClient = setup({ require_signed_request_object: true });
  const byServer = setup();
  byServer.policy.mustSign = true;
  for (const fakes of [byClient, byServer]) {
    const plain = await authorize(fakes, { parameters: parametersOf(authorizationRequest()) });
    expect(answerOf(plain)).toMatchObject({ reason: 'request_object_required', values: { error: 'invalid_request' } });
    await expect(push(fakes)).rejects.toMatchObject({ error: 'invalid_request', reason: 'request_object_required' });
    const page = pageOf(await authorize(fakes, { parameters: parametersOf({ client_id: 'app', request: await objectOf(fakes) }) }));
    fakes.clock.advance(100_000);
    expect(answerOf(await authorize(fakes, { interaction: page.handle, session: signIn(fakes) })).values).toHaveProperty('code');
  }
});

test('RFC 9101 §6.3: of a request by value only what is inside the object counts', async () => {
  const fakes = setup();
  const beside = {
    client_id: 'app',
    request: await objectOf(fakes),
    redirect_uri: 'https://evil.example.test',
    state: 'evil',
    scope: 'openid email',
  };
  const answer = answerOf(await authorize(fakes, { parameters: parametersOf(beside), session: signIn(fakes) }));
  expect(answer).toMatchObject({ redirect_uri: 'https://app.example.test/callback', values: { state: 'the state' } });
  expect(fakes.authorizationCodes.envelopes.get('code-1')?.scopes).toEqual(['openid']);
});

test('RFC 9101 §5.2: a request_uri is fetched only where it is registered, character by character', async () => {
  const uri = 'https://app.example.test/request.jwt#one';
  const fakes = setup({ request_uris: [uri] });
  fakes.requestObjects.published.set(uri, await objectOf(fakes));
  expect(answerOf(await begin(fakes, uri, {}, signIn(fakes))).values).toHaveProperty('code');
  const foreign = [
    uri.replace('#one', ''),
    `${uri}2`,
    uri.toUpperCase(),
    'http://127.0.0.1/',
    'file:///etc/passwd',
    'https://app.example.test/request.jwt?#one',
  ];
  for (const other of foreign)
    await expect(begin(fakes, other)).rejects.toMatchObject({ error: 'invalid_request_uri', reason: 'request_uri_foreign' });
  expect(fakes.requestObjects.asked).toEqual([uri]);
  fakes.requestObjects.published.clear();
  await expect(begin(fakes, uri)).rejects.toMatchObject({ error: 'invalid_request_uri', reason: 'request_uri_unavailable' });
});

test('RFC 9101 §7: what is wrong with an object goes to a redirect URI beside it that is registered, else to the person', async () => {
  const fakes = setup();
  const broken = { client_id: 'app', request: 'a.b.c' };
  await expect(authorize(fakes, { parameters: parametersOf(broken) })).rejects.toMatchObject({ error: 'invalid_request_object' });
  const foreign = { ...broken, redirect_uri: 'https://evil.example.test' };
  await expect(authorize(fakes, { parameters: parametersOf(foreign) })).rejects.toMatchObject({ reason: 'redirect_uri_foreign' });
  const told = await authorize(fakes, {
    parameters: parametersOf({ ...broken, redirect_uri: 'https://app.example.test/callback', state: 's' }),
  });
  expect(answerOf(told).values).toMatchObject({ error: 'invalid_request_object', state: 's', iss: testIssuer });
});

test('RFC 9101 §6: a request object that has ended since does not end the sign-in that it began', async () => {
  const fakes = setup();
  const page = pageOf(await authorize(fakes, { parameters: parametersOf({ client_id: 'app', request: await objectOf(fakes) }) }));
  fakes.clock.advance(600_000);
  expect(answerOf(await authorize(fakes, { interaction: page.handle, session: signIn(fakes) })).values).toHaveProperty('code');
});

test('RFC 9126 §2: a scope that the client is given after the push is not part of what it pushed', async () => {
  const fakes = setup({ scopes: ['orders.read'] });
  const { request_uri } = await push(fakes, authorizationRequest({ scope: undefined }));
  fakes.clients.add(client({ consentSkipped: true, scopes: ['orders.read', 'orders.write'] }), secret);
  await begin(fakes, request_uri, {}, signIn(fakes));
  expect(fakes.authorizationCodes.envelopes.get('code-1')?.scopes).toEqual(['orders.read']);
});

test('RFC 9126 §2.3: whatever is pushed is kept or refused, never a fault', async () => {
  const fakes = setup();
  const known = Object.keys(authorizationRequest());
  const names = fc.oneof(
    fc.constantFrom(...known, 'request', 'request_uri', 'claims', 'prompt', 'max_age', 'resource', 'nonce', 'registration'),
    fc.string(),
  );
  const form = fc.array(fc.record({ name: names, value: fc.string() }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(form, fc.boolean(), async (pairs, based) => {
      const base = based ? parametersOf(authorizationRequest()).filter(({ name }) => !pairs.some((pair) => pair.name === name)) : [];
      const request = { ...endpointRequest({}, basic('app', secret)), parameters: [...base, ...pairs] };
      const outcome = await createPushedAuthorizationEndpoint(fakes)
        .push(request, fakes.clock.now)
        .catch((error: unknown) => error);
      expect(outcome).toSatisfy((one: object) => 'request_uri' in one || 'reason' in one);
    }),
    { numRuns: 300 },
  );
});

const proofKey = new DpopKey();
const parUrl = `${testIssuer}/oauth2/par`;

function pushWithProof(fakes: ProtocolFakes, changes: Pairs = {}, claims: Record<string, unknown> = {}) {
  const nonce = fakes.dpopNonces.make(fakes.clock.now);
  const dpop = proofKey.proof('POST', parUrl, { claims: { nonce, ...claims } });
  const request = { ...endpointRequest(authorizationRequest(changes), basic('app', secret)), evidence: evidence({ url: parUrl, dpop }) };
  return createPushedAuthorizationEndpoint(fakes).push(request, fakes.clock.now);
}

test('RFC 9449 §10.1: a proof at this endpoint binds the code to its key', async () => {
  const fakes = setup();
  const { request_uri, dpop_nonce } = await pushWithProof(fakes);
  expect(dpop_nonce).not.toBe('');
  const { code = '' } = answerOf(await begin(fakes, request_uri, {}, signIn(fakes))).values;
  expect(fakes.authorizationCodes.open(code)).toMatchObject({ dpop_jkt: proofKey.jkt });
});

test('RFC 9449 §10.1: a dpop_jkt beside it names the same key', async () => {
  await expect(pushWithProof(setup(), { dpop_jkt: proofKey.jkt })).resolves.toMatchObject({ expires_in: 60 });
  const other = { error: 'invalid_dpop_proof', reason: 'dpop_proof_of_other_key' };
  await expect(pushWithProof(setup(), { dpop_jkt: new DpopKey().jkt })).rejects.toMatchObject(other);
  await expect(pushWithProof(setup(), {}, { nonce: undefined })).rejects.toMatchObject({ error: 'use_dpop_nonce' });
});
