import type { Outbound, OutboundRequest } from '@authority/outbound';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accountOf } from './account.ts';
import { authorizationUrl, newAsked } from './authorization.ts';
import { discovery, type Endpoints } from './discovery.ts';
import { claimsOfAnswer } from './exchange.ts';
import { presets } from './presets.ts';
import { redirectUriOf, type UpstreamProvider } from './provider.ts';

const now = Date.parse('2026-11-24T00:00:00Z');
const seconds = now / 1000;
const redirect_uri = redirectUriOf('https://login.example', 'work');

const provider: UpstreamProvider = {
  ...{ providerId: 'work', displayName: 'Work', kind: 'oidc', issuer: 'https://sso.example', client_id: 'c', scopes: ['openid', 'email'] },
  ...{ authorization_endpoint: '', token_endpoint: '', userinfo_endpoint: '', emailsEndpoint: '', authentication: 'client_secret_basic' },
  ...{ appleTeamId: '', appleKeyId: '', formPost: false, subjectClaim: '', traitClaims: { email: 'email' } },
  ...{ trustsEmail: false, registration: true, disabled: false },
};
const asked = newAsked('work');

let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let others: Awaited<ReturnType<typeof generateKeyPair>>;
let jwk: Awaited<ReturnType<typeof exportJWK>>;
let answers: Map<string, unknown>;
let requests: { url: string; request: OutboundRequest | undefined }[];

const outbound: Outbound = {
  async fetch(url, request) {
    requests.push({ url: String(url), request });
    const body = answers.get(String(url));
    return { status: body === undefined ? 404 : 200, headers: {}, body: Buffer.from(JSON.stringify(body ?? {})) };
  },
};
const jwks = { get: async () => ({ keys: [{ ...jwk, alg: 'ES256', kid: '1' }] }) };
const discover = () => discovery(outbound, () => now)(provider);

beforeAll(async () => {
  [keys, others] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  jwk = await exportJWK(keys.publicKey);
});

beforeEach(() => {
  requests = [];
  answers = new Map<string, unknown>([
    [
      'https://sso.example/.well-known/openid-configuration',
      {
        ...{
          issuer: 'https://sso.example',
          authorization_endpoint: 'https://sso.example/auth',
          token_endpoint: 'https://sso.example/token',
        },
        ...{ jwks_uri: 'https://sso.example/jwks', userinfo_endpoint: 'https://sso.example/me' },
      },
    ],
    ['https://sso.example/me', { sub: 'ann', email: 'ann@sso.example', email_verified: true }],
  ]);
});

async function idToken(changes: Record<string, unknown> = {}, key = keys.privateKey, alg = 'ES256'): Promise<string> {
  const claims = { iss: 'https://sso.example', aud: 'c', sub: 'ann', nonce: asked.nonce, iat: seconds, exp: seconds + 300, ...changes };
  return new SignJWT(claims).setProtectedHeader({ alg, kid: '1' }).sign(key);
}

async function answered(id_token: string, answer: Record<string, string> = {}, endpoints?: Endpoints) {
  answers.set('https://sso.example/token', { id_token, access_token: 'at', token_type: 'Bearer' });
  const exchange = { provider, endpoints: endpoints ?? (await discover()), asked, secret: 'a+b:c', redirect_uri, now };
  return claimsOfAnswer({ ...exchange, answer: new URLSearchParams({ code: 'the-code', state: 's', ...answer }) }, outbound, jwks);
}

describe('out', () => {
  test('OpenID Connect Core §3.1.2.1, RFC 7636 §4.3: code with PKCE, nonce, and the redirect URI of this provider alone', async () => {
    const url = new URL(authorizationUrl(provider, await discover(), asked, { state: 'flow', redirect_uri, fresh: true, locale: 'de' }));
    expect(`${url.origin}${url.pathname}`).toBe('https://sso.example/auth');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      ...{ response_type: 'code', client_id: 'c', redirect_uri, scope: 'openid email', state: 'flow', nonce: asked.nonce },
      ...{ code_challenge_method: 'S256', prompt: 'login', ui_locales: 'de' },
    });
    expect(url.searchParams.get('code_challenge')).not.toContain(asked.verifier);
  });

  test('Discovery §4.3: metadata of another issuer, or with an endpoint that is not https, is refused', async () => {
    const at = 'https://sso.example/.well-known/openid-configuration';
    const good = answers.get(at) as object;
    for (const [change, reason] of [
      [{ issuer: 'https://evil.example' }, 'metadata_of_other_issuer'],
      [{ token_endpoint: 'http://sso.example/token' }, 'metadata_malformed'],
      [{ jwks_uri: undefined }, 'metadata_malformed'],
    ] as const) {
      answers.set(at, { ...good, ...change });
      await expect(discover()).rejects.toMatchObject({ reason });
    }
  });
});

describe('back', () => {
  test('RFC 6749 §2.3.1, §4.1.3: the code is redeemed with our secret, form-urlencoded, and the verifier', async () => {
    const claims = await answered(await idToken());
    expect(claims).toMatchObject({ sub: 'ann', email: 'ann@sso.example' });
    const { request } = requests.find(({ url }) => url.endsWith('/token')) ?? {};
    expect(request?.headers?.['authorization']).toBe(`Basic ${Buffer.from('c:a%2Bb%3Ac').toString('base64')}`);
    const form = new URLSearchParams(String(request?.body));
    expect([form.get('code'), form.get('code_verifier'), form.get('redirect_uri')]).toEqual(['the-code', asked.verifier, redirect_uri]);
    expect(form.has('client_secret')).toBe(false);
  });

  test.each([
    ['another issuer', { iss: 'https://evil.example' }, 'issuer_wrong'],
    ['another audience', { aud: 'other' }, 'id_token_invalid'],
    ['several audiences without azp', { aud: ['c', 'other'] }, 'id_token_invalid'],
    ['another authorized party', { azp: 'other' }, 'id_token_invalid'],
    ['another nonce', { nonce: 'other' }, 'nonce_wrong'],
    ['no nonce', { nonce: undefined }, 'nonce_wrong'],
    ['its time over', { exp: seconds - 120 }, 'id_token_invalid'],
    ['no subject', { sub: undefined }, 'id_token_invalid'],
  ])('OpenID Connect Core §3.1.3.7: an ID Token with %s signs nobody in', async (_, changes, reason) => {
    await expect(answered(await idToken(changes))).rejects.toMatchObject({ reason });
  });

  test('RFC 8725 §3.1: an ID Token of another key, or of a symmetric or no algorithm, signs nobody in', async () => {
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await idToken()).split('.')[1]}.`;
    const symmetric = await new SignJWT({
      iss: 'https://sso.example',
      aud: 'c',
      sub: 'ann',
      nonce: asked.nonce,
      iat: seconds,
      exp: seconds + 300,
    })
      .setProtectedHeader({ alg: 'HS256', kid: '1' })
      .sign(Buffer.from('a+b:c'.padEnd(32, '.')));
    for (const token of [await idToken({}, others.privateKey), unsigned, symmetric, 'x']) {
      await expect(answered(token)).rejects.toMatchObject({ reason: 'id_token_invalid' });
    }
  });

  test('RFC 9207 §2.4: an answer of another issuer, or without the name that was promised, is refused before the code is sent', async () => {
    await expect(answered(await idToken(), { iss: 'https://evil.example' })).rejects.toMatchObject({ reason: 'issuer_wrong' });
    const promised = { ...(await discover()), namesIssuer: true };
    await expect(answered(await idToken(), {}, promised)).rejects.toMatchObject({ reason: 'issuer_wrong' });
    await expect(answered(await idToken(), { error: 'access_denied' })).rejects.toMatchObject({ reason: 'denied' });
    expect(requests.filter(({ url }) => url.endsWith('/token'))).toEqual([]);
  });

  test('OpenID Connect Core §5.3.2: UserInfo about somebody else is not used', async () => {
    for (const sub of ['bob', undefined]) {
      answers.set('https://sso.example/me', { sub, email: 'bob@sso.example', email_verified: true });
      await expect(answered(await idToken())).rejects.toMatchObject({ reason: 'userinfo_of_other_subject' });
    }
  });

  test('Microsoft: the tenant of the ID Token is part of its issuer, and nothing but a UUID can be', async () => {
    const issuer = 'https://login.microsoftonline.com/{tenantid}/v2.0';
    const tid = '72f988bf-86f1-41af-91ab-2d7cd011db47';
    const endpoints = { ...(await discover()), issuer };
    const iss = issuer.replace('{tenantid}', tid);
    expect(await answered(await idToken({ iss, tid }), {}, endpoints)).toMatchObject({ sub: 'ann' });
    for (const wrong of [{ iss, tid: 'other' }, { iss: issuer.replace('{tenantid}', '../x'), tid: '../x' }, { iss }]) {
      await expect(answered(await idToken(wrong), {}, endpoints)).rejects.toMatchObject({ reason: 'issuer_wrong' });
    }
  });

  test('GitHub: an OAuth 2.0 service is believed by its userinfo, and an address only where it is verified', async () => {
    const github = { ...provider, ...presets['github'], providerId: 'github' };
    answers.set('https://github.com/login/oauth/access_token', { access_token: 'at' });
    answers.set('https://api.github.com/user', { id: 42, login: 'octo', email: 'public@example.com' });
    answers.set('https://api.github.com/user/emails', [
      { email: 'first@example.com', primary: false, verified: true },
      { email: 'octo@example.com', primary: true, verified: true },
    ]);
    const exchange = { provider: github, endpoints: await discovery(outbound, () => now)(github), asked, secret: 's', redirect_uri, now };
    const ask = () => claimsOfAnswer({ ...exchange, answer: new URLSearchParams({ code: 'c' }) }, outbound, jwks);
    expect(accountOf(github, await ask())).toMatchObject({
      subject: '42',
      verifiedEmail: 'octo@example.com',
      values: { email: 'octo@example.com' },
    });
    answers.set('https://api.github.com/user/emails', [{ email: 'octo@example.com', primary: true, verified: false }]);
    expect(accountOf(github, await ask())).toMatchObject({ subject: '42', verifiedEmail: undefined, values: {} });
    answers.set('https://github.com/login/oauth/access_token', { error: 'bad_verification_code' });
    await expect(ask()).rejects.toMatchObject({ reason: 'token_refused' });
  });
});

describe('account', () => {
  test('an address that is not verified there is nobody’s, unless the operator trusts the provider', () => {
    const claims = { sub: 'ann', email: 'ann@sso.example' };
    expect(accountOf(provider, claims).verifiedEmail).toBeUndefined();
    expect(accountOf(provider, { ...claims, email_verified: 'yes' }).verifiedEmail).toBeUndefined();
    expect(accountOf({ ...provider, trustsEmail: true }, claims).verifiedEmail).toBe('ann@sso.example');
    expect(accountOf(provider, { ...claims, email_verified: 'true' }).verifiedEmail).toBe('ann@sso.example');
    expect(() => accountOf(provider, { email: 'x@y.example' })).toThrow('subject_missing');
    expect(() => accountOf(provider, { sub: 'x'.repeat(256) })).toThrow('subject_missing');
  });
});
