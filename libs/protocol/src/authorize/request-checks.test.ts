import {
  answerOf,
  authorizationRequest,
  authorize,
  challenge,
  client,
  type Pairs,
  pageOf,
  parametersOf,
  type ProtocolFakes,
  protocolFakes,
  secret,
  signIn,
  testIssuer,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { personChecks, requestChecks } from './index.ts';

function setup(changes = {}): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client(changes), secret);
  return fakes;
}

const request = (changes: Pairs, fakes = setup(), session = '') =>
  authorize(fakes, { parameters: parametersOf(authorizationRequest(changes)), session });

const told = async (changes: Pairs, fakes = setup()) => {
  const { values, reason, response_mode } = answerOf(await request(changes, fakes));
  return { ...values, reason, response_mode };
};

test.each<[string, Pairs, string, string]>([
  ['no client_id', { client_id: undefined }, 'invalid_request', 'parameter_missing'],
  ['an unknown client', { client_id: 'nobody' }, 'invalid_client', 'client_unknown'],
  ['two client_ids', { client_id: ['app', 'app'] }, 'invalid_request', 'parameter_repeated'],
  [
    'two redirect URIs',
    { redirect_uri: ['https://app.example.test/callback', 'https://evil.example.test'] },
    'invalid_request',
    'parameter_repeated',
  ],
  [
    'two client_ids after another repetition',
    { scope: ['a', 'b'], client_id: ['app', 'other'], redirect_uri: undefined },
    'invalid_request',
    'parameter_repeated',
  ],
  [
    'two redirect URIs after another repetition',
    { scope: ['a', 'b'], redirect_uri: ['https://app.example.test/callback', ''] },
    'invalid_request',
    'parameter_repeated',
  ],
  ['no redirect URI in an OpenID request', { redirect_uri: undefined }, 'invalid_request', 'redirect_uri_missing'],
  ['an empty redirect URI', { redirect_uri: '' }, 'invalid_request', 'redirect_uri_missing'],
])('RFC 6749 §4.1.2.1: %s is never redirected', async (_what, changes, error, reason) => {
  await expect(request(changes)).rejects.toMatchObject({ error, reason });
});

test.each([
  'https://evil.example.test/callback',
  'https://app.example.test@evil.example.test/callback',
  'https://app.example.test\\@evil.example.test/callback',
  'https://app.example.test/callback/',
  'https://app.example.test/callback/../evil',
  'https://app.example.test/%2e%2e/callback',
  'https://app.example.test/call%62ack',
  'https://app.example.test/callback?x=1',
  'https://app.example.test/callback#',
  'https://app.example.test/CALLBACK',
  'https://APP.example.test/callback',
  'https://app.example.test./callback',
  'https://app.example.test:443/callback',
  'https://app.example.test:8443/callback',
  'http://app.example.test/callback',
  ' https://app.example.test/callback',
  'https://app.example.test/callback\0',
  '//app.example.test/callback',
  'javascript:alert(1)',
])('RFC 9700 §2.1: the redirect URI %j is foreign, and shown as a page', async (redirect_uri) => {
  await expect(request({ redirect_uri })).rejects.toMatchObject({ error: 'invalid_redirect_uri', reason: 'redirect_uri_foreign' });
});

test('RFC 6749 §3.1.2.3: redirect_uri may be left out where one is registered, not where several are', async () => {
  const plain = { redirect_uri: undefined, scope: 'orders.read' };
  expect(pageOf(await request(plain)).details.redirect_origin).toBe('https://app.example.test');
  const several = setup({ redirect_uris: ['https://a.example.test', 'https://b.example.test'] });
  await expect(request(plain, several)).rejects.toMatchObject({ error: 'invalid_request', reason: 'redirect_uri_missing' });
});

test('RFC 6749 §4.1.2.1: a disabled client is an error page', async () => {
  await expect(request({}, setup({ disabled: true }))).rejects.toMatchObject({ error: 'invalid_client', reason: 'client_disabled' });
});

test.each<[string, Pairs, string, string]>([
  ['RFC 6749 §4.1.2.1: without response_type', { response_type: undefined }, 'invalid_request', 'parameter_missing'],
  ['RFC 6749 §4.1.2.1: with an unknown response_type', { response_type: 'device' }, 'unsupported_response_type', 'response_type_unknown'],
  ['RFC 6749 §3.1: with a repeated parameter', { scope: ['openid', 'openid'] }, 'invalid_request', 'parameter_repeated'],
  ['RFC 6749 appendix A: with NUL', { nonce: 'a\0b' }, 'invalid_request', 'encoding_invalid'],
  ['RFC 9101 §7: with a request that is none', { request: 'a.b.c' }, 'invalid_request_object', 'request_object_invalid'],
  ['RFC 9101 §7: with a foreign request_uri', { request_uri: 'https://x.test' }, 'invalid_request_uri', 'request_uri_foreign'],
  ['OpenID Connect Core §3.1.2.6: with registration', { registration: '{}' }, 'registration_not_supported', 'request_object_unsupported'],
  [
    'RFC 7636 §4.4.1: without code_challenge',
    { code_challenge: undefined, code_challenge_method: undefined },
    'invalid_request',
    'code_challenge_missing',
  ],
  ['RFC 7636 §4.3: with a method alone', { code_challenge: undefined }, 'invalid_request', 'code_challenge_missing'],
  [
    'RFC 9700 §2.1.1: with code_challenge_method plain',
    { code_challenge_method: 'plain' },
    'invalid_request',
    'code_challenge_method_plain',
  ],
  [
    'RFC 7636 §4.3: without a method, which is plain',
    { code_challenge_method: undefined },
    'invalid_request',
    'code_challenge_method_plain',
  ],
  ['RFC 7636 §4.2: with a short code_challenge', { code_challenge: 'short' }, 'invalid_request', 'code_challenge_malformed'],
  ['RFC 7636 §4.2: with padding', { code_challenge: `${challenge.slice(1)}=` }, 'invalid_request', 'code_challenge_malformed'],
  ['RFC 6749 §4.1.2.1: with an unknown scope', { scope: 'openid nobody.knows' }, 'invalid_scope', 'scope_unknown'],
  ['RFC 6749 §4.1.2.1: with a scope of others', { scope: 'openid phone' }, 'invalid_scope', 'scope_not_allowed'],
  ['RFC 6749 §3.3: with a malformed scope', { scope: 'openid  profile' }, 'invalid_scope', 'parameter_invalid'],
  ['RFC 8707 §2.1: with an unknown resource', { resource: 'https://nobody.example.test' }, 'invalid_target', 'resource_unknown'],
  ['RFC 8707 §2.1: with several resources', { resource: ['https://a.test', 'https://b.test'] }, 'invalid_target', 'resource_unknown'],
  ['OpenID Connect Core §3.1.2.1: with prompt none and login', { prompt: 'none login' }, 'invalid_request', 'prompt_none_with_others'],
  ['OpenID Connect Core §3.1.2.1: with an unknown prompt', { prompt: 'please' }, 'invalid_request', 'parameter_invalid'],
  ['OpenID Connect Core §3.1.2.1: with a negative max_age', { max_age: '-1' }, 'invalid_request', 'parameter_invalid'],
  ['OpenID Connect Core §3.1.2.1: with a max_age of words', { max_age: 'soon' }, 'invalid_request', 'parameter_invalid'],
  ['OpenID Connect Core §3.1.2.1: with an endless nonce', { nonce: 'n'.repeat(1025) }, 'invalid_request', 'parameter_invalid'],
  ['OpenID Connect Core §5.5: with claims that are no object', { claims: '[' }, 'invalid_request', 'claims_malformed'],
  [
    'Multiple Response Types §2.1: with an unknown response_mode',
    { response_mode: 'web_message' },
    'invalid_request',
    'response_mode_unknown',
  ],
  [
    'RFC 9700 §4.2.4: with response_mode fragment and no challenge',
    { response_mode: 'fragment', code_challenge: '', code_challenge_method: '' },
    'invalid_request',
    'response_mode_unknown',
  ],
])('%s the client is told', async (_what, changes, error, reason) => {
  expect(await told(changes)).toMatchObject({ error, reason, state: 'the state', iss: testIssuer, response_mode: 'query' });
});

test('OAuth 2.0 Multiple Response Types §2.1: with a challenge the answer goes into the fragment when that is asked for', async () => {
  expect(await told({ response_mode: 'fragment', scope: 'nobody.knows' })).toMatchObject({
    response_mode: 'fragment',
    error: 'invalid_scope',
  });
});

test('RFC 6749 §4.1.2.1: a client without the response type is unauthorized_client', async () => {
  expect(await told({}, setup({ response_types: [] }))).toMatchObject({
    error: 'unauthorized_client',
    reason: 'response_type_not_allowed',
  });
  expect(await told({}, setup({ grant_types: ['client_credentials'] }))).toMatchObject({ error: 'unauthorized_client' });
});

test('RFC 6749 §4.1.2.1: a state that was sent twice is not sent back', async () => {
  const answer = await told({ state: ['one', 'two'] });
  expect(answer).toMatchObject({ error: 'invalid_request', reason: 'parameter_repeated' });
  expect(answer).not.toHaveProperty('state');
});

test('Form Post §2: a private-use scheme takes no POST: the mode is refused, and the answer is a redirect', async () => {
  const fakes = setup({ application_type: 'native', redirect_uris: ['com.example.app:/cb'] });
  expect(await told({ redirect_uri: 'com.example.app:/cb', response_mode: 'form_post' }, fakes)).toMatchObject({
    ...{ error: 'invalid_request', reason: 'response_mode_unknown', response_mode: 'query' },
  });
  const tokens = {
    redirect_uri: 'com.example.app:/cb',
    response_mode: 'form_post',
    response_type: 'id_token',
    scope: 'openid',
    nonce: 'n',
  };
  expect(await told(tokens, fakes)).toMatchObject({ reason: 'response_mode_unknown', response_mode: 'fragment' });
});

test('OAuth 2.0 Form Post Response Mode §2: answers and errors go by form_post when it is asked for', async () => {
  expect(await told({ response_mode: 'form_post', scope: 'nobody.knows' })).toMatchObject({
    response_mode: 'form_post',
    error: 'invalid_scope',
  });
  const fakes = setup({ consentSkipped: true });
  const answer = answerOf(await request({ response_mode: 'form_post' }, fakes, signIn(fakes)));
  expect(answer).toMatchObject({ response_mode: 'form_post', values: { code: 'code-1', iss: testIssuer } });
});

test('RFC 9700 §2.1.1: PKCE may be left out by confidential clients registered so, never by public ones', async () => {
  const without = { code_challenge: undefined, code_challenge_method: undefined };
  expect(pageOf(await request(without, setup({ pkceOptional: true }))).kind).toBe('login');
  const open = setup({ pkceOptional: true, token_endpoint_auth_method: 'none' });
  expect(await told(without, open)).toMatchObject({ error: 'invalid_request', reason: 'code_challenge_missing' });
});

test('contract.md: a person cannot give what is the operator’s', async () => {
  const fakes = setup({ operator: true, scopes: ['openid', 'authority.admin'] });
  expect(await told({ scope: 'openid authority.admin' }, fakes)).toMatchObject({ error: 'invalid_scope', reason: 'scope_not_allowed' });
  expect(await told({ resource: `${testIssuer}/admin` }, fakes)).toMatchObject({ error: 'invalid_target', reason: 'resource_not_allowed' });
});

test('RFC 6749 §3.3: without scope the client’s default is asked for, which has no openid', async () => {
  expect(pageOf(await request({ scope: undefined })).details.scopes.map(({ name }) => name)).toEqual(['orders.read', 'orders.write']);
});

test('OpenID Connect Core §3.1.2.1: hints for pages are never an error', async () => {
  const { details } = pageOf(
    await request({ ui_locales: 'de <script> x-y-z_ fr', login_hint: 'x'.repeat(1000), display: 'wap', claims_locales: '?' }),
  );
  expect(details.ui_locales).toEqual(['de', 'fr']);
  expect(details.login_hint).toHaveLength(320);
});

test('style.md 11: every check has a name of its own', () => {
  for (const checks of [requestChecks, personChecks]) {
    const names = checks.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  }
});
