import { createHash } from 'node:crypto';
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
  type Pairs,
  parametersOf,
  type ProtocolFakes,
  protocolFakes,
  secret,
  signIn,
  sub,
  testIssuer,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createIntrospectionEndpoint } from '../endpoints/introspection.ts';
import { responseTypeRegistry } from './response-types.ts';

function setup(changes = {}): ProtocolFakes {
  const fakes = protocolFakes();
  const all = { response_types: responseTypeRegistry.map(({ name }) => name), consentSkipped: true };
  const grant_types = ['authorization_code', 'refresh_token', 'implicit'];
  fakes.clients.add(client({ ...all, grant_types, ...changes }), secret);
  fakes.identities.all.set(sub, { name: 'Ada', email: 'ada@example.test' });
  return fakes;
}

const request = async (fakes: ProtocolFakes, changes: Pairs, session = signIn(fakes)) =>
  answerOf(await authorize(fakes, { parameters: parametersOf(authorizationRequest({ nonce: 'n-1', ...changes })), session }));

const half = (value: string | undefined): string =>
  createHash('sha256')
    .update(value ?? '')
    .digest()
    .subarray(0, 16)
    .toString('base64url');

const isActive = async (fakes: ProtocolFakes, token: string | undefined): Promise<unknown> => {
  const asked = endpointRequest({ token: token ?? '' }, basic('app', secret));
  return (await createIntrospectionEndpoint(fakes).introspect(asked, fakes.clock.now))['active'];
};

test.each<[string, string[]]>([
  ['code', ['code']],
  ['id_token', ['id_token']],
  ['token', ['access_token', 'token_type', 'expires_in', 'scope']],
  ['id_token token', ['access_token', 'token_type', 'expires_in', 'scope', 'id_token']],
  ['token id_token', ['access_token', 'token_type', 'expires_in', 'scope', 'id_token']],
  ['code id_token', ['code', 'id_token']],
  ['code token', ['code', 'access_token', 'token_type', 'expires_in', 'scope']],
  ['id_token code token', ['code', 'access_token', 'token_type', 'expires_in', 'scope', 'id_token']],
])('Multiple Response Types §3, §5: %s answers with what it names, and no more', async (response_type, names) => {
  const { parameters, response_mode } = await request(setup(), { response_type });
  expect(parameters.map(({ name }) => name)).toEqual([...names, 'state', 'iss']);
  expect(response_mode).toBe(response_type === 'code' ? 'query' : 'fragment');
});

test('OpenID Connect Core §3.3.2.11: an ID Token of the browser has nonce, c_hash and at_hash of what it travels with', async () => {
  const { values } = await request(setup(), { response_type: 'code id_token token', scope: 'openid email' });
  expect(claimsOf(values['id_token'] ?? '')).toMatchObject({
    ...{ iss: testIssuer, sub, aud: 'app', nonce: 'n-1' },
    ...{ at_hash: half(values['access_token']), c_hash: half(values['code']) },
  });
  expect(claimsOf(values['id_token'] ?? '')).not.toHaveProperty('email');
  const alone = await request(setup(), { response_type: 'code id_token' });
  expect(claimsOf(alone.values['id_token'] ?? '')).not.toHaveProperty('at_hash');
});

test('OpenID Connect Core §5.4: without an access token the ID Token has the claims of the scopes; with one it has not', async () => {
  const scope = 'openid profile email';
  const alone = await request(setup(), { response_type: 'id_token', scope });
  expect(claimsOf(alone.values['id_token'] ?? '')).toMatchObject({ sub, name: 'Ada', email: 'ada@example.test' });
  const beside = await request(setup(), { response_type: 'id_token token', scope });
  expect(claimsOf(beside.values['id_token'] ?? '')).not.toHaveProperty('email');
});

test('OpenID Connect Core §5.4: what identity says replaces no claim of the sign-in', async () => {
  const fakes = setup();
  fakes.identities.all.set(sub, { name: 'Ada', email: 'a@b.test', iss: 'https://evil.test', sub: 'other', acr: 'high' });
  const { values } = await request(fakes, { response_type: 'id_token', scope: 'openid profile' });
  expect(claimsOf(values['id_token'] ?? '')).toMatchObject({ iss: testIssuer, sub, acr: 'urn:authority:pwd' });
});

test('RFC 9700 §4.5: a replayed code ends the access token that came beside it', async () => {
  const fakes = setup();
  const { values } = await request(fakes, { response_type: 'code token', scope: 'openid offline_access' });
  const { code = '', access_token } = values;
  await exchange(fakes, codeRequest(code));
  expect(await isActive(fakes, access_token)).toBe(true);
  await expect(exchange(fakes, codeRequest(code))).rejects.toMatchObject({ reason: 'code_replayed' });
  expect(await isActive(fakes, access_token)).toBe(false);
});

test('RFC 9700 §2.1.2: an access token of the browser ends with its session, also where the grant of the code does not', async () => {
  const fakes = setup();
  const session = signIn(fakes, { expiresAt: fakes.clock.now + 60_000 });
  const { values } = await request(fakes, { response_type: 'code token', scope: 'openid offline_access' }, session);
  expect(claimsOf(values['access_token'] ?? '')).toMatchObject({ sid: 's_session-1', exp: fakes.clock.now / 1000 + 60 });
});

test('RFC 9700 §2.1.2: nobody whose account or session has ended since the sign-in gets tokens by the browser', async () => {
  for (const ended of [sub, 's_session-1']) {
    const fakes = setup();
    fakes.revocations.ended.add(ended);
    const answer = await request(fakes, { response_type: 'token' });
    expect(answer).toMatchObject({ values: { error: 'login_required' }, reason: 'subject_revoked', response_mode: 'fragment' });
  }
  const gone = setup();
  gone.identities.all.clear();
  expect(await request(gone, { response_type: 'id_token' })).toMatchObject({ values: { error: 'login_required' } });
  const stale = setup();
  stale.revocations.stale = true;
  await expect(request(stale, { response_type: 'token' })).rejects.toMatchObject({ reason: 'revocations_stale' });
});

test('OpenID Connect Core §11: offline_access is passed over where no code is answered', async () => {
  const { values } = await request(setup(), { response_type: 'token', scope: 'openid offline_access' });
  expect(values['scope']).toBe('openid');
});

test.each<[string, Pairs, string, string]>([
  [
    'OpenID Connect Core §3.2.2.1: id_token without nonce',
    { response_type: 'id_token', nonce: undefined },
    'invalid_request',
    'nonce_missing',
  ],
  [
    'OpenID Connect Core §3.3.2.11: code id_token without nonce',
    { response_type: 'code id_token', nonce: undefined },
    'invalid_request',
    'nonce_missing',
  ],
  [
    'OpenID Connect Core §3.2.2.1: id_token without openid',
    { response_type: 'id_token', scope: 'orders.read' },
    'invalid_request',
    'openid_missing',
  ],
  [
    'Multiple Response Types §5: response_mode query',
    { response_type: 'code token', response_mode: 'query' },
    'invalid_request',
    'response_mode_unknown',
  ],
  [
    'RFC 9700 §2.1.1: a code of a hybrid type without PKCE',
    { response_type: 'code id_token', code_challenge: undefined, code_challenge_method: undefined },
    'invalid_request',
    'code_challenge_missing',
  ],
  [
    'RFC 6749 §4.2.2.1: an unknown type that names a token',
    { response_type: 'token device' },
    'unsupported_response_type',
    'response_type_unknown',
  ],
])('%s is refused, in the fragment', async (_title, changes, error, reason) => {
  expect(await request(setup(), changes)).toMatchObject({ values: { error, state: 'the state' }, reason, response_mode: 'fragment' });
});

test('RFC 9700 §2.1.2: a client gets only the response types that it is allowed', async () => {
  for (const changes of [{ response_types: ['code'] }, { grant_types: ['authorization_code'] }]) {
    expect(await request(setup(changes), { response_type: 'id_token token' })).toMatchObject({
      values: { error: 'unauthorized_client' },
      reason: 'response_type_not_allowed',
    });
  }
});

test('RFC 9449 §5, RFC 8705 §3: a client whose tokens are bound gets none by the browser', async () => {
  for (const bound of ['dpop_bound_access_tokens', 'tls_client_certificate_bound_access_tokens']) {
    const fakes = setup({ [bound]: true });
    expect(await request(fakes, { response_type: 'code token' })).toMatchObject({ reason: 'response_type_not_allowed' });
    expect(await request(fakes, { response_type: 'code id_token' })).toHaveProperty('values.id_token');
  }
});

test('RFC 7636 §4.3: where no code is answered no challenge is needed', async () => {
  const without = { code_challenge: undefined, code_challenge_method: undefined };
  expect(await request(setup(), { response_type: 'token', ...without })).toHaveProperty('values.access_token');
});

test('Form Post §2: tokens travel by form_post when it is asked for', async () => {
  const answer = await request(setup(), { response_type: 'id_token token', response_mode: 'form_post' });
  expect(answer).toMatchObject({ response_mode: 'form_post', values: { token_type: 'Bearer', expires_in: '300' } });
});

test('OpenID Connect Core §3.3.3.6: both ID Tokens of a hybrid answer say the same of who signed in', async () => {
  const fakes = setup();
  const { values } = await request(fakes, { response_type: 'code id_token', max_age: '100' });
  const later = await exchange(fakes, codeRequest(values['code'] ?? ''));
  const [first, second] = [claimsOf(values['id_token'] ?? ''), claimsOf(later.id_token)];
  for (const name of ['iss', 'sub', 'aud', 'acr', 'amr', 'auth_time', 'nonce', 'sid']) expect(second[name]).toEqual(first[name]);
});
