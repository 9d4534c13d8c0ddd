import { createHash } from 'node:crypto';
import {
  actionOf,
  type Answer,
  bearer,
  type Code,
  type CreatedClient,
  hiddenOf,
  Operator,
  Person,
  post,
  randomText,
  RelyingParty,
  request,
  startOneProcess,
  type Suite,
  tokensOf,
} from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lookAlikes, loopbackLookAlikes } from './redirect-uris.ts';

const redirect_uri = 'https://app.example/cb';
const api = 'https://api.example';
const scope = 'openid email offline_access orders.read orders.write';
let suite: Suite;
let operator: Operator;
let [victim, attacker]: Person[] = [];
let web: RelyingParty;
let evil: RelyingParty;
let native: CreatedClient;
let machine: CreatedClient;
let resource: CreatedClient;

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  const code = { grant_types: ['authorization_code', 'refresh_token'], scope, consent_skipped: true };
  web = new RelyingParty(
    suite.issuer,
    await operator.createClient({ ...code, redirect_uris: [redirect_uri], allowed_resources: [api] }),
    'openid email',
  );
  evil = new RelyingParty(
    suite.issuer,
    await operator.createClient({ ...code, redirect_uris: ['https://evil.example/cb'] }),
    'openid email',
  );
  native = await operator.createClient({
    ...{ ...code, token_endpoint_auth_method: 'none', application_type: 'native' },
    redirect_uris: ['http://127.0.0.1/cb', 'http://[::1]/cb'],
  });
  machine = await operator.createClient({ grant_types: ['client_credentials'], scope: 'orders.read' });
  resource = await operator.createClient({ grant_types: ['client_credentials'], resource_identifier: api });
  [victim, attacker] = await Promise.all(['victim', 'attacker'].map(newPerson));
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

async function newPerson(name: string): Promise<Person> {
  const person = new Person(suite.issuer, `${name}@example.com`, 'correct horse battery staple');
  await operator.createIdentity({ email: person.email, password: person.password });
  return person;
}
const someone = (person: Person | undefined): Person => {
  if (!person) throw new Error('nobody is there');
  return person;
};
const at = (path: string): string => `${suite.issuer}${path}`;
const get = (url: string, headers: Record<string, string> = {}): Promise<Answer> =>
  request(url, { headers: { accept: 'text/html', ...headers } });
const outcome = async (answer: Promise<Answer> | Answer): Promise<string> => {
  const { status, json } = await answer;
  return `${status} ${json()['error'] ?? 'token'}`;
};
/** What the client is told in the answer of an authorization request. */
async function told(party: RelyingParty, more: Record<string, string>): Promise<URLSearchParams> {
  const answer = await get(party.begin(more).url);
  const location = answer.headers.get('location');
  if (location === null) throw new Error(`nobody was told: ${answer.status} ${answer.text.slice(0, 300)}`);
  expect(location.startsWith(redirect_uri)).toBe(true);
  return new URL(location).searchParams;
}

describe('RFC 9700 §2.1, §4.1: redirect URIs', () => {
  const neverLeaves = async (client_id: string, uri: string): Promise<void> => {
    const query = new URLSearchParams({ client_id, response_type: 'code', redirect_uri: uri, scope: 'openid', state: 's' });
    for (const more of ['', '&prompt=none', '&response_mode=form_post']) {
      const answer = await get(`${at('/oauth2/authorize')}?${query}&code_challenge=${'x'.repeat(43)}&code_challenge_method=S256${more}`);
      expect([answer.status, answer.headers.get('location')], uri).toEqual([400, null]);
      expect(answer.text).not.toContain('<form method="post" action="http');
    }
  };

  test.each(lookAlikes)('RFC 9700 §4.1.3: %j is not the one that was registered', (uri) => neverLeaves(web.client.client_id, uri));
  test.each(loopbackLookAlikes)('RFC 8252 §7.3: %j is no loopback address of the client', (uri) => neverLeaves(native.client_id, uri));

  test('RFC 8252 §7.3: the port alone may differ', async () => {
    const query = { client_id: native.client_id, response_type: 'code', scope: 'openid', prompt: 'none' };
    for (const uri of ['http://127.0.0.1:1234/cb', 'http://[::1]:65535/cb']) {
      const search = new URLSearchParams({ ...query, redirect_uri: uri, code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' });
      const { headers } = await get(`${at('/oauth2/authorize')}?${search}`);
      expect(headers.get('location')).toContain(`${uri}?error=login_required`);
    }
  });

  test('RFC 9700 §4.1.3: none of them is, in a pushed request either', async () => {
    const pushed = (uri: string) => {
      const form = {
        response_type: 'code',
        redirect_uri: uri,
        scope: 'openid',
        code_challenge: 'x'.repeat(43),
        code_challenge_method: 'S256',
      };
      return post(at('/oauth2/par'), form, web.client);
    };
    expect((await pushed(redirect_uri)).status).toBe(201);
    for (const uri of lookAlikes) expect((await pushed(uri)).status, uri).toBe(400);
  });

  test('RFC 9700 §4.1.3: twice is never once', async () => {
    const { url } = web.begin();
    for (const more of [`&redirect_uri=${encodeURIComponent('https://evil.example/cb')}`, '&client_id=c_other', '&redirect_uri=']) {
      const answer = await get(`${url}${more}`);
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    }
  });

  test.each([
    'https://*.app.example/cb',
    'https://*/cb',
    'https://app.example/cb#f',
    'https://user@app.example/cb',
    'https://app.example\\@evil.example/cb',
    'http://app.example/cb',
    'javascript:alert(1)',
    'data:text/html,x',
    'https://app.example/%2e%2e/cb',
    'https://APP.example/../cb',
    '/cb',
    '',
  ])('RFC 9700 §4.1.3: %j cannot be registered', async (uri) => {
    const { value } = await operator.createRegistrationToken({ uses_limit: 1 });
    const answer = await request(at('/oauth2/register'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${value}` },
      body: JSON.stringify({ redirect_uris: [uri] }),
    });
    expect(await outcome(answer)).toMatch(/^400 invalid_(redirect_uri|client_metadata)$/);
  });
});

describe('RFC 9700 §2.1, §4.4 to §4.8: codes', () => {
  test('RFC 9700 §4.4.2.1: every answer says who it is from, so that it is given to nobody else', async () => {
    const arrived = await someone(victim).authorize(web.begin().url);
    expect(arrived.searchParams.get('iss')).toBe(suite.issuer);
    expect((await told(web, { prompt: 'none' })).get('iss')).toBe(suite.issuer);
    const metadata = await get(at('/.well-known/openid-configuration'));
    expect(metadata.json()['authorization_response_iss_parameter_supported']).toBe(true);
  });

  test('RFC 9700 §4.5: a stolen code is worth nothing to another client, another session or another address', async () => {
    const stolen = await web.code(someone(victim));
    const own = await evil.code(someone(attacker));
    expect(await outcome(evil.redeem(stolen))).toBe('400 invalid_grant');
    expect(await outcome(web.redeem({ code: stolen.code, verifier: own.verifier }))).toBe('400 invalid_grant');
    expect(await outcome(web.redeem(stolen, { redirect_uri: 'https://evil.example/cb' }))).toBe('400 invalid_grant');
    const asNative = { grant_type: 'authorization_code', code: stolen.code, redirect_uri, code_verifier: stolen.verifier };
    expect(await outcome(post(at('/oauth2/token'), asNative, native))).toBe('400 invalid_grant');
    const { client_secret: _, ...named } = web.client;
    expect(await outcome(post(at('/oauth2/token'), asNative, named))).toBe('401 invalid_client');
    expect((await web.redeem(stolen)).status).toBe(200);
  });

  test('RFC 9700 §4.2.4, §2.1.1: a code is good once; the second use ends what the first got', async () => {
    const code = await web.code(someone(victim));
    const { access_token } = tokensOf(await web.redeem(code));
    expect(await web.isActive(access_token)).toBe(true);
    expect(await outcome(web.redeem(code))).toBe('400 invalid_grant');
    expect(await web.isActive(access_token)).toBe(false);
  });

  test('RFC 9700 §4.5.3.2, §4.6: the ID Token is bound to the request and to its access token', async () => {
    const code = await web.code(someone(victim));
    const { id_token, access_token } = tokensOf(await web.redeem(code));
    const claims = JSON.parse(Buffer.from(id_token.split('.')[1] ?? '', 'base64url').toString());
    const half = createHash('sha256').update(access_token).digest().subarray(0, 16).toString('base64url');
    expect(claims).toMatchObject({ nonce: code.nonce, at_hash: half, aud: web.client.client_id });
  });

  test('RFC 9700 §4.7: state comes back as it was; a form of another site signs nobody in', async () => {
    const begun = web.begin({ state: 'a b&c=d#é' });
    const arrived = await someone(victim).authorize(begun.url);
    expect(arrived.searchParams.get('state')).toBe('a b&c=d#é');
    const forged = { email: 'attacker@example.com', password: 'correct horse battery staple' };
    for (const origin of ['https://evil.example', 'null']) {
      const answer = await post(at('/login'), forged, undefined, {
        origin,
        'sec-fetch-site': 'cross-site',
        cookie: someone(victim).cookies,
      });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers.getSetCookie().filter((cookie) => cookie.includes('session'))).toEqual([]);
    }
  });

  test.each<[string, Record<string, string>, string]>([
    ['no challenge', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    ['plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['no method, which means plain', { code_challenge_method: '' }, 'invalid_request'],
    ['a method that nobody knows', { code_challenge_method: 's256' }, 'invalid_request'],
    ['a challenge that is none', { code_challenge: 'short' }, 'invalid_request'],
  ])('RFC 9700 §2.1.1, §4.8: %s is refused', async (_what, more, error) => {
    expect((await told(web, { ...more, prompt: 'none' })).get('error')).toBe(error);
  });

  test('RFC 9700 §4.8.2: no downgrade: a verifier without a challenge, and a challenge without a verifier', async () => {
    const old = await operator.createClient({ redirect_uris: [redirect_uri], scope: 'openid', pkce_optional: true, consent_skipped: true });
    const party = new RelyingParty(suite.issuer, old, 'openid');
    const bare: Code = await party.code(someone(victim), { code_challenge: '', code_challenge_method: '' });
    expect(await outcome(party.redeem(bare))).toBe('400 invalid_grant');
    const challenged = await party.code(someone(victim));
    const form = { grant_type: 'authorization_code', code: challenged.code, redirect_uri };
    expect(await outcome(party.token(form))).toBe('400 invalid_grant');
    expect(await outcome(party.redeem({ code: challenged.code, verifier: randomText() }))).toBe('400 invalid_grant');
  });

  test('RFC 9700 §2.1.2: a client that is not allowed it gets no token from the authorization endpoint', async () => {
    for (const response_type of ['token', 'id_token', 'id_token token', 'code token', 'code id_token']) {
      const answer = await get(web.begin({ response_type }).url);
      expect(answer.headers.get('location') ?? '').not.toContain('access_token');
      expect(answer.headers.get('location')).toContain('error=unauthorized_client');
    }
  });

  test('RFC 9700 §4.17: no answer by postMessage', async () => {
    const answer = await get(web.begin({ response_mode: 'web_message' }).url);
    expect(answer.text).not.toContain('postMessage');
    expect(answer.headers.get('location') ?? '').not.toContain('code=');
  });
});

describe('RFC 9700 §4.2, §4.3, §4.11 to §4.16: browsers', () => {
  test('RFC 9700 §4.2.4: pages send no referrer, load nothing of others, and are kept by nobody', async () => {
    for (const url of [web.begin().url, at('/login'), `${at('/oauth2/authorize')}?client_id=nobody`]) {
      const { headers } = await get(url).then((answer) =>
        answer.status === 303 ? get(new URL(answer.headers.get('location') ?? '', url).href) : answer,
      );
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toContain('no-store');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });

  test('RFC 9700 §4.16: no page can be framed', async () => {
    for (const url of [at('/login'), at('/consent'), `${at('/oauth2/authorize')}?client_id=nobody`, at('/logout')]) {
      const { headers } = await get(url);
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-frame-options')).toBe('DENY');
    }
  });

  test('RFC 9700 §4.3.2: a token in the address is not read', async () => {
    const { access_token } = await web.tokens(someone(victim));
    expect((await get(`${at('/oauth2/userinfo')}?access_token=${access_token}`)).status).toBe(401);
    const answer = await post(`${at('/oauth2/token')}?grant_type=client_credentials`, {}, machine);
    expect(answer.status).toBe(400);
  });

  test('RFC 9700 §4.11: nobody is sent where a client has not registered', async () => {
    const { id_token } = await web.tokens(someone(victim));
    const bad = ['https://evil.example/', `${redirect_uri}?x`, 'javascript:alert(1)', '//evil.example'];
    for (const post_logout_redirect_uri of bad) {
      const answer = await get(`${at('/oauth2/logout')}?${new URLSearchParams({ id_token_hint: id_token, post_logout_redirect_uri })}`);
      expect(answer.headers.get('location') ?? '').not.toContain('evil');
      expect(answer.headers.get('location') ?? '').not.toContain('javascript');
      expect(answer.text).not.toContain('https://evil.example');
    }
    for (const query of [
      '',
      '?client_id=nobody&redirect_uri=https://evil.example/',
      `?client_id=${web.client.client_id}&redirect_uri=https://evil.example/&response_type=x`,
    ]) {
      expect((await get(at(`/oauth2/authorize${query}`))).headers.get('location')).toBeNull();
    }
  });

  test('RFC 9700 §4.12: whoever posted a password is sent on by 303, which posts it to nobody else', async () => {
    const person = new Person(suite.issuer, someone(victim).email, someone(victim).password);
    const { url, page } = await person.visit(web.begin().url);
    const text = page?.text ?? '';
    const form = { ...hiddenOf(text), email: person.email, password: person.password };
    const answer = await post(new URL(actionOf(text), url).href, form, undefined, {
      cookie: person.cookies,
      origin: new URL(suite.issuer).origin,
    });
    expect(answer.status).toBe(303);
  });

  test('RFC 9700 §4.13: what a proxy would say is not believed from others', async () => {
    const headers = {
      ...{ 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', forwarded: 'host=evil.example', 'x-original-url': '/admin' },
      ...{ 'x-forwarded-for': '203.0.113.1', 'client-cert': ':MIIB:', 'x-ssl-client-cert': 'MIIB', 'x-forwarded-client-cert': 'Hash=x' },
    };
    const metadata = await get(at('/.well-known/openid-configuration'), headers);
    expect(metadata.text).not.toContain('evil.example');
    const answer = await post(at('/oauth2/token'), { grant_type: 'client_credentials' }, machine, headers);
    const { access_token } = tokensOf(answer);
    expect(JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString())).not.toHaveProperty('cnf');
  });
});

describe('RFC 9700 §2.2, §2.3, §2.5, §4.9, §4.10, §4.14, §4.15: tokens and clients', () => {
  test('RFC 9700 §2.3, §4.9, §4.10.2: a token for one API is worth nothing at another, nor at UserInfo', async () => {
    const { access_token } = await web.tokens(someone(victim), { resource: api });
    expect(await web.isActive(access_token, resource)).toBe(true);
    const other = await operator.createClient({ grant_types: ['client_credentials'], resource_identifier: 'https://other.example' });
    expect(await web.isActive(access_token, other)).toBe(false);
    expect((await web.userInfo(access_token)).status).toBe(401);
    expect(await outcome(web.token({ grant_type: 'authorization_code', code: access_token }))).toBe('400 invalid_grant');
  });

  test('RFC 9700 §2.3: no scope and no resource that the client may not have', async () => {
    expect((await told(web, { scope: 'openid authority.admin', prompt: 'none' })).get('error')).toBe('invalid_scope');
    expect((await told(web, { resource: 'https://other.example', prompt: 'none' })).get('error')).toBe('invalid_target');
    expect((await told(web, { resource: at('/admin'), prompt: 'none' })).get('error')).toBe('invalid_target');
  });

  test('RFC 9700 §4.14: a refresh token is its client’s, is not widened, and ends with a reuse', async () => {
    const party = new RelyingParty(suite.issuer, { ...native, redirect_uri: 'http://127.0.0.1/cb' }, 'openid offline_access');
    const first = await party.tokens(someone(victim));
    expect(await outcome(evil.refresh(first.refresh_token))).toBe('400 invalid_grant');
    expect(await outcome(party.refresh(first.refresh_token, { scope: 'openid email orders.write' }))).toBe('400 invalid_scope');
    const second = tokensOf(await party.refresh(first.refresh_token));
    const third = tokensOf(await party.refresh(second.refresh_token));
    expect(await outcome(party.refresh(first.refresh_token))).toBe('400 invalid_grant');
    expect(await outcome(party.refresh(third.refresh_token))).toBe('400 invalid_grant');
    expect((await bearer(at('/oauth2/userinfo'), third.access_token)).status).toBe(401);
  });

  test('RFC 9700 §4.10, RFC 7009 §2.1, RFC 7662 §4: another client sees and ends nothing', async () => {
    const tokens = await new RelyingParty(suite.issuer, web.client, 'openid offline_access').tokens(someone(victim));
    for (const token of [tokens.access_token, tokens.refresh_token, tokens.id_token]) {
      expect(await evil.isActive(token)).toBe(false);
      expect((await evil.revoke(token)).status).toBe(token === tokens.id_token ? 200 : 400);
    }
    expect(await web.isActive(tokens.access_token)).toBe(true);
    expect(await web.isActive(tokens.refresh_token)).toBe(true);
    expect(await outcome(post(at('/oauth2/introspect'), { token: tokens.access_token }, native))).toBe('401 invalid_client');
  });

  test('RFC 9700 §4.15: a client cannot pass for a person', async () => {
    const sub = '01890000-0000-7000-8000-00000000000a';
    await expect(operator.createClient({ client_id: sub, grant_types: ['client_credentials'] })).rejects.toThrow(/client_id/);
    const { access_token } = tokensOf(await post(at('/oauth2/token'), { grant_type: 'client_credentials' }, machine));
    expect((await bearer(at('/oauth2/userinfo'), access_token)).status).toBeGreaterThanOrEqual(401);
    expect(await outcome(post(at('/oauth2/token'), { grant_type: 'client_credentials', scope: 'openid' }, machine))).toBe(
      '400 invalid_scope',
    );
  });

  test('RFC 9700 §2.5: whoever has a credential must show it, the right one, and once', async () => {
    const token = at('/oauth2/token');
    const form = { grant_type: 'client_credentials' };
    const { client_id, client_secret = '' } = machine;
    expect(await outcome(post(token, { ...form, client_id }))).toBe('401 invalid_client');
    expect(await outcome(post(token, { ...form, client_id, client_secret }))).toBe('401 invalid_client');
    expect(await outcome(post(token, { ...form, client_id, client_secret }, machine))).toBe('400 invalid_request');
    expect(await outcome(post(token, form, { client_id, client_secret: client_secret.toUpperCase() }))).toBe('401 invalid_client');
    expect(await outcome(post(token, form, { client_id: web.client.client_id, client_secret }))).toBe('401 invalid_client');
    expect((await post(token, form, machine)).status).toBe(200);
  });

  test('RFC 9700 §2.6: what a client needs to know is published, and nothing weak is', async () => {
    const metadata = (await get(at('/.well-known/oauth-authorization-server'))).json();
    expect(metadata).toMatchObject({ issuer: suite.issuer, code_challenge_methods_supported: ['S256'] });
    for (const name of ['id_token_signing_alg_values_supported', 'request_object_signing_alg_values_supported']) {
      expect(JSON.stringify(metadata[name])).not.toMatch(/none|HS/);
    }
  });
});
