import {
  hash,
  Operator,
  Person,
  post,
  randomText,
  RelyingParty,
  request,
  startOneProcess,
  type Suite,
  type Answer,
} from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/* Dynamic registration (RFC 7591) and its management (RFC 7592), with the metadata of the whole protocol; profiles by policy. */

const redirect_uri = 'https://app.example.com/callback';
const challenge = { code_challenge: hash(randomText()), code_challenge_method: 'S256' };
let suite: Suite;
let operator: Operator;
let initial: string;

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  ({ value: initial } = await operator.createRegistrationToken({ description: 'suite' }));
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

const send = (method: string, url: string, token: string, metadata?: object): Promise<Answer> =>
  request(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(metadata && { body: JSON.stringify(metadata) }),
  });
const register = (metadata: object, token = initial): Promise<Answer> =>
  send('POST', `${suite.issuer}/oauth2/register`, token, { redirect_uris: [redirect_uri], ...metadata });

const metadata = {
  ...{ client_name: 'App', software_id: 'app', software_version: '2', initiate_login_uri: 'https://app.example.com/begin' },
  ...{ dpop_bound_access_tokens: true, require_pushed_authorization_requests: true, require_signed_request_object: true },
  ...{ request_object_signing_alg: 'ES256', request_uris: ['https://app.example.com/request.jwt'] },
  ...{ subject_type: 'pairwise', userinfo_signed_response_alg: 'ES256' },
  ...{ backchannel_logout_uri: 'https://app.example.com/out', backchannel_logout_session_required: true },
  ...{ frontchannel_logout_uri: 'https://app.example.com/out', frontchannel_logout_session_required: true },
};

describe('RFC 7591, RFC 7592: registration', () => {
  test('RFC 7591 §3.2.1: all metadata comes back as registered, and as read, replaced and deleted (RFC 7592 §2)', async () => {
    const created = await register(metadata);
    expect([created.status, created.headers.get('cache-control')]).toEqual([201, 'no-store']);
    const information = created.json() as Record<string, string>;
    expect(information).toMatchObject(metadata);
    const { registration_client_uri = '', registration_access_token = '', client_id = '' } = information;
    const read = (await send('GET', registration_client_uri, registration_access_token)).json();
    expect(read).toMatchObject(metadata);
    for (const ours of ['operator', 'consentSkipped', 'disabled', 'profile', 'allowedResources', 'origin'])
      expect(read).not.toHaveProperty(ours);
    const changed = { client_id, redirect_uris: [redirect_uri], client_name: 'Changed' };
    const updated = (await send('PUT', registration_client_uri, registration_access_token, changed)).json();
    expect(updated).toMatchObject({ client_name: 'Changed', subject_type: 'public' });
    for (const gone of ['software_id', 'dpop_bound_access_tokens', 'backchannel_logout_uri']) expect(updated).not.toHaveProperty(gone);
    expect((await send('DELETE', registration_client_uri, registration_access_token)).status).toBe(204);
    expect((await send('GET', registration_client_uri, registration_access_token)).status).toBe(401);
  });

  test('RFC 7591 §2.2: people see the name in the language of ui_locales, and the client gets all of them back', async () => {
    const localized = { 'client_name#de': 'Der Laden', 'client_name#pt-BR': 'A <b>loja</b>', 'tos_uri#de': 'https://app.example.com/agb' };
    const answer = await register({ client_name: 'The shop', tos_uri: 'https://app.example.com/tos', ...localized });
    const {
      client_id = '',
      registration_client_uri = '',
      registration_access_token = '',
      ...shown
    } = answer.json() as Record<string, string>;
    expect(shown).toMatchObject({ client_name: 'The shop', ...localized });
    expect((await send('GET', registration_client_uri, registration_access_token)).json()).toMatchObject(localized);
    // What an operator changes leaves it as it is.
    await operator.updateClient(client_id, { tos_uri: 'https://app.example.com/terms' });
    const person = new Person(suite.issuer, `loc-${randomText().slice(0, 8)}@example.test`, randomText());
    await person.register();
    const consent = async (ui_locales: string): Promise<string> => {
      const query = { ...{ client_id, redirect_uri, response_type: 'code', scope: 'openid', ui_locales }, ...challenge };
      let place = await person.visit(`${suite.issuer}/oauth2/authorize?${new URLSearchParams(query)}`);
      if (place.url.pathname.endsWith('/login')) place = await person.signIn(place);
      return place.page?.text ?? '';
    };
    expect(await consent('fr de-AT')).toMatch(/Der Laden[\s\S]*https:\/\/app\.example\.com\/agb/);
    expect(await consent('pt-BR')).toContain('A &lt;b&gt;loja&lt;/b&gt;');
    for (const none of ['', 'pt', 'constructor', 'de_AT'])
      expect(await consent(none)).toMatch(/The shop[\s\S]*https:\/\/app\.example\.com\/terms/);
  });

  test.each<[string, object]>([
    ['§2.2: a language that is no tag', { 'client_name#de_AT': 'Laden' }],
    ['§2: alg none of request objects', { request_object_signing_alg: 'none' }],
    ['§2: alg none of UserInfo', { userinfo_signed_response_alg: 'none' }],
    ['§2: encryption without keys', { id_token_encrypted_response_alg: 'RSA-OAEP-256' }],
    ['§2: encryption with the secret', { id_token_encrypted_response_alg: 'dir' }],
    ['§2: implicit without being allowed it', { grant_types: ['implicit'], response_types: ['id_token'] }],
    ['§2: the password grant without being allowed it', { grant_types: ['password'] }],
    ['§2: request_uris over http', { request_uris: ['http://app.example.com/r'] }],
    ['Front-Channel Logout §2: a page of another origin', { frontchannel_logout_uri: 'https://evil.example.com/' }],
    ['RFC 9700 §4.11: a sector inside', { sector_identifier_uri: 'https://127.0.0.1:1/sector.json' }],
    ['RFC 9700 §4.11: a sector by a name for inside', { sector_identifier_uri: 'https://localhost/sector.json' }],
    ['§2: text where a flag is due', { dpop_bound_access_tokens: 'true' }],
  ])('RFC 7591 %s is invalid_client_metadata', async (_what, wrong) => {
    const answer = await register(wrong);
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_client_metadata']);
  });
});

describe('OAuth 2.1: the profile oauth2.1', () => {
  test('OAuth 2.1 §4.1.1, §10: the clients of an initial access token keep to its profile', async () => {
    const { value } = await operator.createRegistrationToken({
      profile: 'oauth2.1',
      allow_implicit: true,
      allow_hybrid: true,
      allow_no_pkce: true,
    });
    for (const weaker of [
      { require_pkce: false },
      { grant_types: ['implicit'], response_types: ['id_token'] },
      { grant_types: ['authorization_code', 'implicit'], response_types: ['code', 'code token'] },
    ]) {
      expect((await register(weaker, value)).status).toBe(400);
    }
    expect((await register({}, value)).status).toBe(201);
  });

  test('OAuth 2.1 §4.1.1: a concession of before does not count, and refresh tokens of public clients rotate', async () => {
    const common = { redirect_uris: [redirect_uri], grant_types: ['authorization_code', 'refresh_token'], scope: 'openid offline_access' };
    const old = await operator.createClient({ ...common, pkce_optional: true });
    const native = await operator.createClient({ ...common, token_endpoint_auth_method: 'none', refresh_token_rotation: 'never' });
    await operator.setSetting('token.profile', 'oauth2.1');
    const query = new URLSearchParams({ response_type: 'code', client_id: old.client_id, redirect_uri, scope: 'openid', state: 's' });
    const error = async (): Promise<string | null> => {
      const { headers } = await request(`${suite.issuer}/oauth2/authorize?${query}`);
      return new URL(headers.get('location') ?? '', suite.issuer).searchParams.get('error');
    };
    await expect.poll(error, { timeout: 5_000 }).toBe('invalid_request');
    const person = new Person(suite.issuer, `o21-${randomText().slice(0, 8)}@example.test`, randomText());
    await person.register();
    const { refresh_token } = await new RelyingParty(suite.issuer, native, 'openid offline_access').tokens(person);
    const refreshed = await post(`${suite.issuer}/oauth2/token`, { grant_type: 'refresh_token', refresh_token }, native);
    expect(refreshed.json()['refresh_token']).not.toBe(refresh_token);
    await operator.setSetting('token.profile', 'none');
  });
});
