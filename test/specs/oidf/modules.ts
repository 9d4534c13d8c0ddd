import { setTimeout as sleep } from 'node:timers/promises';
import { answered, bearer, type CreatedClient, post, request, tokensOf } from '@authority/testing/suite';
import { decodeProtectedHeader, UnsecuredJWT } from 'jose';
import { expect } from 'vitest';
import { email } from '../front-channel/world.ts';
import type { Variant } from './plans.ts';
import { happy, happyFrom, type More, redeem, refused, requestOf, type Run } from './walk.ts';

/** A module: makes its request and checks what it asserts. Names and order are the conformance suite's. */
export type Module = (run: Run, variant: Variant) => Promise<void>;

/** A request that only has to succeed with something beside it. */
const succeedsWith =
  (more: More): Module =>
  async (run, variant) => {
    await happy(run, variant, more);
  };

/** As succeedsWith, in a browser that nobody is signed in at: the sign-in page is shown on the way. */
const succeedsFreshWith =
  (more: More): Module =>
  async (run, variant) => {
    const person = run.ada();
    const { url, page } = await person.visit(requestOf(run, variant, more).url);
    expect([url.pathname, page?.status]).toEqual(['/login', 200]);
    await happy(run, variant, more, person);
  };

/** Claims are where §5.4 puts them: in UserInfo, or in the ID Token where no access token is answered; and no others. */
const scope =
  (asked: string, present: readonly string[]): Module =>
  async (run, variant) => {
    const { userInfo, idTokens } = await happy(run, variant, { scope: asked });
    const [about] = userInfo ? [userInfo] : idTokens;
    for (const name of ['name', 'email']) expect([name, about !== undefined && name in about]).toEqual([name, present.includes(name)]);
    if (userInfo) for (const claims of idTokens) for (const name of ['name', 'email']) expect(claims).not.toHaveProperty(name);
  };

/** Two requests of one person; what the second ID Token says of the sign-in. */
async function twice(run: Run, variant: Variant, first: More, second: More, between = 0) {
  const person = run.ada();
  const one = await happy(run, variant, first, person);
  await sleep(between);
  const asked = requestOf(run, variant, second);
  const { page } = await person.visit(asked.url);
  const two = await happy(run, variant, second, person);
  return { one: one.idTokens.at(-1), two: two.idTokens.at(-1), signInShown: page?.text.includes('name="password"') === true };
}

/** Only signed request objects are taken: `none` is not in request_object_signing_alg_values_supported. */
async function refusesUnsigned(run: Run, variant: Variant, more: More): Promise<void> {
  const { page, url } = await run.signedIn.walk(requestOf(run, variant, more).url);
  const isAnswer = page === undefined || page.text.includes('name="error"');
  expect(isAnswer || page.status === 400, `${url.href}: ${page?.status}`).toBe(true);
  expect(`${url.search}${url.hash}${page?.text ?? ''}`).not.toMatch(/[?&#]code=|name="code"|id_token=|access_token=/);
}

const unsigned = ({ suite, client }: Run, { responseType }: Variant, claims: More = {}): string =>
  new UnsecuredJWT({ response_type: responseType, redirect_uri: client.redirect_uri, client_id: client.client_id, ...claims })
    .setIssuer(client.client_id)
    .setAudience(suite.issuer)
    .encode();

/** RFC 6749 §4.1.2: the second use is refused, and what the first gave ends. */
const codeReuse =
  (pauseMs: number): Module =>
  async (run, variant) => {
    const { values } = await answered(run.signedIn, requestOf(run, variant).url);
    const { code = '', access_token } = values;
    const first = tokensOf(await redeem(run, code));
    await sleep(pauseMs);
    const again = await redeem(run, code);
    expect([again.status, again.json()['error']]).toEqual([400, 'invalid_grant']);
    for (const token of [first.access_token, access_token]) {
      if (token !== undefined) expect((await run.party(run.client).userInfo(token)).status).toBe(401);
    }
  };

const userInfoBy =
  (ask: (url: string, token: string) => ReturnType<typeof request>): Module =>
  async (run, variant) => {
    const { access_token } = await happy(run, variant);
    const answer = await ask(`${run.suite.issuer}/oauth2/userinfo`, access_token);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.json()).toMatchObject({ sub: run.sub });
  };

export const modules: Readonly<Record<string, Module>> = {
  async 'oidcc-server'(run, variant) {
    const { values, idTokens } = await happy(run, variant);
    if (values['code'] !== undefined) expect(values['code'].length).toBeGreaterThan(21);
    for (const claims of idTokens) expect(claims).not.toHaveProperty('name');
  },
  async 'oidcc-response-type-missing'(run, variant) {
    const { values } = await answered(run.signedIn, requestOf(run, variant, { response_type: '' }).url);
    expect(['unsupported_response_type', 'invalid_request']).toContain(values['error']);
  },
  async 'oidcc-idtoken-signature'(run, variant) {
    const { id_token } = await happy(run, variant);
    expect(decodeProtectedHeader(id_token)).toMatchObject({ alg: 'RS256', kid: expect.any(String) });
  },
  async 'oidcc-idtoken-unsigned'(run) {
    const asked = { redirect_uris: ['https://rp.example/none'], grant_types: ['authorization_code'], response_types: ['code'] };
    await expect(run.operator.createClient({ ...asked, id_token_signed_response_alg: 'none' })).rejects.toThrow(/id_token_signed/);
  },
  'oidcc-userinfo-get': userInfoBy((url, token) => bearer(url, token)),
  'oidcc-userinfo-post-header': userInfoBy((url, token) => bearer(url, token, 'POST')),
  'oidcc-userinfo-post-body': userInfoBy((url, access_token) => post(url, { access_token })),
  'oidcc-ensure-request-without-nonce-succeeds-for-code-flow': succeedsWith({ nonce: '' }),
  async 'oidcc-ensure-request-without-nonce-fails'(run, variant) {
    expect(await refused(run, variant, { nonce: '' })).toBe('invalid_request');
  },
  'oidcc-scope-profile': scope('openid profile', ['name']),
  'oidcc-scope-email': scope('openid email', ['email']),
  'oidcc-scope-address': scope('openid address', []),
  'oidcc-scope-phone': scope('openid phone', []),
  'oidcc-scope-all': scope('openid address email phone profile', ['name', 'email']),
  async 'oidcc-alternate-happy-flow'(run, variant) {
    const asked = requestOf(run, variant, { scope: 'email profile openid' });
    const url = new URL(asked.url);
    url.search = String(new URLSearchParams([...url.searchParams].reverse()));
    await happyFrom(run, variant, asked, await answered(run.signedIn, url.href));
  },
  'oidcc-display-page': succeedsFreshWith({ display: 'page' }),
  'oidcc-display-popup': succeedsFreshWith({ display: 'popup' }),
  async 'oidcc-prompt-login'(run, variant) {
    const { one, two, signInShown } = await twice(run, variant, { max_age: '15000' }, { prompt: 'login', max_age: '15000' }, 1_100);
    expect(signInShown).toBe(true);
    expect(Number(two?.['auth_time'])).toBeGreaterThan(Number(one?.['auth_time']));
  },
  async 'oidcc-prompt-none-not-logged-in'(run, variant) {
    const error = await refused(run, variant, { prompt: 'none' }, run.ada());
    expect(['login_required', 'interaction_required', 'consent_required', 'account_selection_required']).toContain(error);
  },
  async 'oidcc-prompt-none-logged-in'(run, variant) {
    const { one, two, signInShown } = await twice(run, variant, { max_age: '15000' }, { prompt: 'none', max_age: '15000' });
    expect([signInShown, two?.sub, two?.['auth_time']]).toEqual([false, one?.sub, one?.['auth_time']]);
  },
  async 'oidcc-max-age-1'(run, variant) {
    const { one, two, signInShown } = await twice(run, variant, { max_age: '15000' }, { max_age: '1' }, 2_000);
    expect(signInShown).toBe(true);
    expect(Number(two?.['auth_time'])).toBeGreaterThan(Number(one?.['auth_time']));
  },
  async 'oidcc-max-age-10000'(run, variant) {
    const { one, two, signInShown } = await twice(run, variant, { max_age: '15000' }, { max_age: '10000' });
    expect([signInShown, two?.sub, typeof two?.['auth_time'], two?.['auth_time']]).toEqual([false, one?.sub, 'number', one?.['auth_time']]);
  },
  'oidcc-ensure-request-with-unknown-parameter-succeeds': succeedsWith({ extra: 'foobar' }),
  async 'oidcc-id-token-hint'(run, variant) {
    const { id_token: id_token_hint, idTokens } = await happy(run, variant, { max_age: '15000' });
    const again = await happy(run, variant, { prompt: 'none', id_token_hint, max_age: '15000' });
    expect(again.idTokens.at(-1)).toMatchObject({ sub: idTokens.at(-1)?.sub, auth_time: idTokens.at(-1)?.['auth_time'] });
  },
  'oidcc-login-hint': succeedsFreshWith({ login_hint: email }),
  'oidcc-ui-locales': succeedsFreshWith({ ui_locales: 'se' }),
  'oidcc-claims-locales': succeedsWith({ claims_locales: 'se' }),
  async 'oidcc-ensure-request-with-acr-values-succeeds'(run, variant) {
    const metadata = (await request(`${run.suite.issuer}/.well-known/openid-configuration`)).json();
    const offered = metadata['acr_values_supported'] as string[]; // an array of strings by Discovery §3
    const { idTokens } = await happy(run, variant, { acr_values: offered.join(' ') });
    for (const { acr } of idTokens) expect(offered).toContain(acr);
  },
  'oidcc-codereuse': codeReuse(0),
  'oidcc-codereuse-30seconds': codeReuse(30_000),
  async 'oidcc-ensure-registered-redirect-uri'(run, variant) {
    const { page } = await run.signedIn.walk(requestOf(run, variant, { redirect_uri: `${run.client.redirect_uri}/foreign` }).url);
    expect(page?.status).toBe(400);
    expect(page?.text).not.toContain('/foreign"');
  },
  async 'oidcc-ensure-post-request-succeeds'(run, variant) {
    const asked = requestOf(run, variant);
    const url = new URL(asked.url);
    const place = await run.signedIn.send(new URL(url.pathname, url), url.search.slice(1));
    // The same request again by GET is answered without a page: the POST has settled the consent.
    expect(place.page === undefined || place.page.status === 200).toBe(true);
    await happy(run, variant, { prompt: 'none' });
  },
  async 'oidcc-server-client-secret-post'(run, variant) {
    const client = await run.operator.createClient({
      ...run.client.client,
      client_id: '',
      token_endpoint_auth_method: 'client_secret_post',
    });
    const { values } = await answered(run.signedIn, requestOf({ ...run, client: secretOf(client) }, variant).url);
    const tokens = tokensOf(await redeem(run, values['code'] ?? '', 'post', client));
    expect(await run.verify(tokens.id_token, client)).toMatchObject({ sub: run.sub });
  },
  async 'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported'(run, variant) {
    await refusesUnsigned(run, variant, { request_uri: 'https://rp.example/request.jwt' });
  },
  async 'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported'(run, variant) {
    await refusesUnsigned(run, variant, { request: unsigned(run, variant) });
  },
  async 'oidcc-ensure-request-object-with-redirect-uri'(run, variant) {
    await refusesUnsigned(run, variant, { request: unsigned(run, variant), redirect_uri: `${run.client.redirect_uri}/foreign` });
  },
  async 'oidcc-claims-essential'(run, variant) {
    const claims = JSON.stringify({ userinfo: { name: { essential: true } } });
    const { userInfo, idTokens } = await happy(run, variant, { claims });
    expect(userInfo).toMatchObject({ name: 'Ada Lovelace' });
    for (const one of idTokens) expect(one).not.toHaveProperty('name');
  },
  async 'oidcc-refresh-token'(run, variant) {
    const { tokens, idTokens } = await happy(run, variant, { scope: 'openid offline_access', prompt: 'consent' });
    const { refresh_token = '' } = tokens ?? {};
    expect(refresh_token).toMatch(/^[\x20-\x7e]+$/);
    const foreign = await run.party(run.other).refresh(refresh_token);
    expect([foreign.status, foreign.json()['error']]).toEqual([400, 'invalid_grant']);
    const later = tokensOf(await run.party(run.client).refresh(refresh_token));
    const { iss, sub, aud } = await run.verify(later.id_token, run.client);
    expect(idTokens.at(-1)).toMatchObject({ iss, sub, aud });
    expect((await run.party(run.client).userInfo(later.access_token)).json()).toMatchObject({ sub });
  },
  async 'oidcc-discovery-endpoint-verification'(run) {
    const { issuer } = run.suite;
    const answer = await request(`${issuer}/.well-known/openid-configuration`);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.json()).toMatchObject({
      ...{ issuer, claims_parameter_supported: true },
      response_types_supported: expect.arrayContaining(['code', 'id_token', 'id_token token']),
      subject_types_supported: expect.arrayContaining(['public']),
      id_token_signing_alg_values_supported: expect.arrayContaining(['RS256']),
      scopes_supported: expect.arrayContaining(['openid']),
      grant_types_supported: expect.arrayContaining(['authorization_code', 'implicit']),
      claims_supported: expect.arrayContaining(['sub', 'name', 'email']),
    });
    for (const name of ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'registration_endpoint', 'jwks_uri']) {
      expect(String(answer.json()[name]).startsWith(`${issuer}/`)).toBe(true);
    }
    const { keys } = (await request(String(answer.json()['jwks_uri']))).json() as { keys: Record<string, unknown>[] }; // RFC 7517 §5
    for (const key of keys) expect(key).not.toHaveProperty('d');
  },
};

const secretOf = (client: CreatedClient): Run['client'] => ({ ...client, client_secret: client.client_secret ?? '' });
