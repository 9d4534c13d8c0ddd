import {
  type Answer,
  bearer,
  DpopKey,
  hash,
  Operator,
  Person,
  post,
  randomText,
  request,
  startOneProcess,
  type Suite,
} from '@authority/testing/suite';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bank, redirect_uri, registration } from './fapi2/bank.ts';

/*
 * FAPI 2.0 Security Profile (Final). Each module of the OpenID Foundation's plan that is for plain FAPI with
 * private_key_jwt, DPoP, unsigned pushed requests and plain answers, by its name (fapi2-security-profile-final-…).
 */

let suite: Suite;
let operator: Operator;
let bank: Bank;
let other: Bank;

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  const person = new Person(suite.issuer, `fapi-${randomText().slice(0, 8)}@example.test`, randomText());
  await person.register();
  bank = await Bank.register(suite, operator, person);
  other = await Bank.register(suite, operator, person);
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

const outcome = async (answer: Promise<Answer>): Promise<string> => {
  const { status, json } = await answer;
  return `${status} ${json()['error'] ?? 'ok'}`;
};
const seconds = (): number => Math.floor(Date.now() / 1000);
const happy = async (changes: Record<string, string | undefined> = {}): Promise<Record<string, string>> => {
  const answer = await bank.exchange(bank.redeem(await bank.code(changes)));
  expect(answer.status).toBe(200);
  return answer.json() as Record<string, string>;
};
const refusedPush = async (changes: Record<string, string | undefined>): Promise<void> => {
  expect(await outcome(bank.push(changes))).toMatch(/^400 (invalid_request|unsupported_response_type|unauthorized_client)$/);
};
const refusedAssertion = async (claims: object, alg?: 'RS256'): Promise<void> => {
  expect(await outcome(bank.push({}, await bank.assertion(claims, alg)))).toBe('401 invalid_client');
};
const acceptedAssertion = async (claims: object): Promise<void> => {
  expect((await bank.push({}, await bank.assertion(claims))).status).toBe(201);
};
/** UserInfo by a token that is bound to the bank's key. */
const userInfo = (access_token: string, scheme: string): Promise<Answer> =>
  bank.withNonce((nonce) => {
    const dpop = bank.proofKey.proof('GET', bank.at('/oauth2/userinfo'), { claims: { nonce, ath: hash(access_token) } });
    return request(bank.at('/oauth2/userinfo'), { headers: { authorization: `${scheme} ${access_token}`, dpop } });
  });

const modules: Readonly<Record<string, () => Promise<void>>> = {
  'discovery-end-point-verification': async () => {
    const told = (await request(bank.at('/.well-known/openid-configuration'))).json();
    expect(told).toMatchObject({ issuer: suite.issuer, authorization_response_iss_parameter_supported: true });
    expect(told['pushed_authorization_request_endpoint']).toBe(bank.at('/oauth2/par'));
    expect(told['token_endpoint_auth_methods_supported']).toContain('private_key_jwt');
    expect(told['code_challenge_methods_supported']).toEqual(['S256']);
    expect(told['dpop_signing_alg_values_supported']).toEqual(expect.arrayContaining(['PS256', 'ES256', 'EdDSA']));
  },
  'happy-flow': async () => {
    const arrived = await bank.arrive();
    expect([arrived.searchParams.get('iss'), arrived.searchParams.get('state')]).toEqual([suite.issuer, 'the state']);
    const { token_type, access_token = '', id_token = '' } = await happy();
    expect(token_type).toBe('DPoP');
    expect(decodeJwt(access_token)['cnf']).toEqual({ jkt: bank.proofKey.jkt });
    expect(['PS256', 'ES256', 'EdDSA']).toContain(decodeProtectedHeader(id_token).alg);
    expect((await userInfo(access_token, 'DPoP')).status).toBe(200);
  },
  'user-rejects-authentication': async () => {
    const fresh = await Bank.register(suite, operator, bank.person);
    const { searchParams } = await fresh.arrive({}, randomText(), 'deny');
    expect(Object.fromEntries(searchParams)).toMatchObject({ error: 'access_denied', state: 'the state', iss: suite.issuer });
  },
  'ensure-authorization-request-without-state-success': async () => {
    expect((await bank.arrive({ state: undefined })).searchParams.has('state')).toBe(false);
  },
  'ensure-authorization-request-without-nonce-success': async () => {
    expect(decodeJwt((await happy({ nonce: undefined }))['id_token'] ?? '')).not.toHaveProperty('nonce');
  },
  'ensure-authorization-request-with-64-char-nonce-success': async () => {
    const nonce = 'n'.repeat(64);
    expect(decodeJwt((await happy({ nonce }))['id_token'] ?? '')['nonce']).toBe(nonce);
  },
  'ensure-authorization-request-with-long-nonce': async () => {
    const nonce = 'n'.repeat(384);
    expect(decodeJwt((await happy({ nonce }))['id_token'] ?? '')['nonce']).toBe(nonce);
  },
  'ensure-authorization-request-with-long-state': async () => {
    const state = 's'.repeat(384);
    expect((await bank.arrive({ state })).searchParams.get('state')).toBe(state);
  },
  'ensure-other-scope-order-succeeds': async () => {
    expect(await happy({ scope: 'offline_access openid' })).toHaveProperty('id_token');
  },
  'test-claims-parameter-identity-claims': async () => {
    const claims = JSON.stringify({ userinfo: { email: null }, id_token: { email: { essential: true } } });
    const { access_token = '', id_token = '' } = await happy({ scope: 'openid', claims });
    expect(decodeJwt(id_token)['email']).toBe(bank.person.email);
    expect((await userInfo(access_token, 'DPoP')).json()['email']).toBe(bank.person.email);
  },
  'access-token-type-header-case-sensitivity': async () => {
    const { access_token = '' } = await happy();
    for (const scheme of ['dpop', 'DPOP', 'DpOp']) expect((await userInfo(access_token, scheme)).status).toBe(200);
  },
  'check-dpop-proof-nbf-exp': async () => {
    const claims = { nbf: seconds() - 10, exp: seconds() + 60 };
    expect((await bank.exchange(bank.redeem(await bank.code()), bank.proofKey, { claims })).status).toBe(200);
  },
  'ensure-dpopproof-with-iat-10seconds-before-succeeds': async () => {
    const more = { claims: { iat: seconds() - 10 } };
    expect((await bank.exchange(bank.redeem(await bank.code()), bank.proofKey, more)).status).toBe(200);
  },
  'ensure-dpopproof-with-iat-10seconds-after-succeeds': async () => {
    const more = { claims: { iat: seconds() + 10 } };
    expect((await bank.exchange(bank.redeem(await bank.code()), bank.proofKey, more)).status).toBe(200);
  },
  'ensure-mismatched-dpop-jkt-fails': async () => {
    const answer = bank.pushWithProof(bank.proofKey, { dpop_jkt: new DpopKey().jkt }, randomText());
    expect(await outcome(answer)).toMatch(/^400 invalid_(dpop_proof|request)$/);
  },
  'ensure-token-endpoint-fails-with-mismatched-dpop-jkt': async () => {
    const got = await bank.code({ dpop_jkt: new DpopKey().jkt });
    expect(await outcome(bank.exchange(bank.redeem(got)))).toMatch(/^400 invalid_(grant|dpop_proof)$/);
  },
  'ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt': async () => {
    const verifier = randomText();
    const pushed = await bank.pushWithProof(new DpopKey(), {}, verifier);
    const code = (await bank.person.authorize(bank.authorizeUrl(pushed))).searchParams.get('code') ?? '';
    expect(await outcome(bank.exchange(bank.redeem({ code, verifier })))).toMatch(/^400 invalid_(grant|dpop_proof)$/);
  },
  'ensure-dpopproof-at-par-endpoint-binding-success': async () => {
    const verifier = randomText();
    const pushed = await bank.pushWithProof(bank.proofKey, {}, verifier);
    const code = (await bank.person.authorize(bank.authorizeUrl(pushed))).searchParams.get('code') ?? '';
    expect((await bank.exchange(bank.redeem({ code, verifier }))).status).toBe(200);
  },
  'ensure-dpop-auth-code-binding-success': async () => {
    expect(await happy({ dpop_jkt: bank.proofKey.jkt })).toHaveProperty('access_token');
  },
  'ensure-registered-redirect-uri': () => refusedPush({ redirect_uri: 'https://evil.example.com/callback' }),
  'ensure-redirect-uri-in-authorization-request': () => refusedPush({ redirect_uri: undefined }),
  'ensure-response-type-code-idtoken-fails': () => refusedPush({ response_type: 'code id_token' }),
  'ensure-response-type-token-fails': () => refusedPush({ response_type: 'token' }),
  'ensure-unsigned-authorization-request-without-using-par-fails': async () => {
    const { headers } = await request(bank.at(`/oauth2/authorize?${new URLSearchParams(bank.request(randomText()))}`));
    const went = new URL(headers.get('location') ?? '');
    expect([went.origin + went.pathname, went.searchParams.get('error')]).toEqual([redirect_uri, 'invalid_request']);
  },
  'ensure-holder-of-key-required': async () => {
    const got = await bank.code();
    const bare = post(bank.at('/oauth2/token'), { ...bank.redeem(got), ...(await bank.assertion()) });
    expect(await outcome(bare)).toBe('400 invalid_request');
    // What was asked in vain used nothing up.
    expect((await bank.exchange(bank.redeem(got))).status).toBe(200);
  },
  'ensure-client-id-in-token-endpoint': async () => {
    expect(await outcome(bank.exchange(bank.redeem(await bank.code(), { client_id: other.client_id })))).toMatch(/^40[01] invalid_/);
  },
  'ensure-authorization-code-is-bound-to-client': async () => {
    expect(await outcome(other.exchange(other.redeem(await bank.code())))).toBe('400 invalid_grant');
  },
  'attempt-reuse-authorization-code-after-one-second': async () => {
    const got = await bank.code();
    const { access_token } = (await bank.exchange(bank.redeem(got))).json();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await outcome(bank.exchange(bank.redeem(got)))).toBe('400 invalid_grant');
    expect((await userInfo(String(access_token), 'DPoP')).status).toBe(401);
  },
  'ensure-token-endpoint-fails-with-expired-auth-code': async () => {
    await operator.setSetting('token.code_lifetime', 5);
    const got = await bank.code();
    await operator.setSetting('token.code_lifetime', 60);
    await new Promise((resolve) => setTimeout(resolve, 5_500));
    expect(await outcome(bank.exchange(bank.redeem(got)))).toBe('400 invalid_grant');
  },
  'ensure-signed-client-assertion-with-RS256-fails': () => refusedAssertion({}, 'RS256'),
  'ensure-client-assertion-in-token-endpoint': async () => {
    const dpop = bank.proofKey.proof('POST', bank.at('/oauth2/token'));
    const asked = { ...bank.redeem(await bank.code()), client_id: bank.client_id };
    expect(await outcome(post(bank.at('/oauth2/token'), asked, undefined, { dpop }))).toBe('401 invalid_client');
  },
  'ensure-client-assertion-with-exp-is-5-minutes-in-past-fails': () => refusedAssertion({ iat: seconds() - 600, exp: seconds() - 300 }),
  'ensure-client-assertion-with-wrong-aud-fails': () => refusedAssertion({ aud: 'https://other.example.com' }),
  'ensure-client-assertion-with-no-sub-fails': () => refusedAssertion({ sub: undefined }),
  'dpop-negative-tests': async () => {
    const wrong = [
      ...[{ claims: { htm: 'GET' } }, { claims: { htu: 'https://other.example.com/token' } }, { claims: { jti: undefined } }],
      ...[{ header: { typ: 'jwt' } }, { header: { jwk: undefined } }, { by: new DpopKey() }, { header: { alg: 'none' } }],
    ];
    for (const more of wrong) {
      const form = bank.redeem({ code: 'any', verifier: randomText() });
      expect(await outcome(bank.exchange(form, bank.proofKey, more))).toBe('400 invalid_dpop_proof');
    }
    const form = bank.redeem({ code: 'any', verifier: randomText() });
    expect(await outcome(bank.exchange(form, new DpopKey('RS256')))).toBe('400 invalid_dpop_proof');
    const { access_token = '' } = await happy();
    expect((await bearer(bank.at('/oauth2/userinfo'), access_token)).status).toBe(401);
  },
  'refresh-token': async () => {
    const { refresh_token = '' } = await happy();
    for (let round = 0; round < 2; round += 1) {
      const refreshed = await bank.exchange({ grant_type: 'refresh_token', refresh_token });
      expect(refreshed.status).toBe(200);
      // FAPI 2.0 §5.3.2.1: no rotation.
      expect(refreshed.json()['refresh_token'] ?? refresh_token).toBe(refresh_token);
    }
    expect(await outcome(other.exchange({ grant_type: 'refresh_token', refresh_token }))).toBe('400 invalid_grant');
  },
  'par-ensure-reused-request-uri-prior-to-auth-completion-succeeds': async () => {
    const url = bank.authorizeUrl(await bank.push());
    await request(url);
    expect((await bank.person.authorize(url)).searchParams.has('code')).toBe(true);
  },
  'par-attempt-reuse-request_uri': async () => {
    const url = bank.authorizeUrl(await bank.push());
    await bank.person.authorize(url);
    expect((await request(url)).status).toBe(400);
  },
  'par-attempt-to-use-expired-request_uri': async () => {
    await operator.setSetting('token.par_lifetime', 5);
    const url = bank.authorizeUrl(await bank.push());
    await operator.setSetting('token.par_lifetime', 60);
    await new Promise((resolve) => setTimeout(resolve, 5_500));
    expect((await request(url)).status).toBe(400);
  },
  'par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted': () =>
    acceptedAssertion({ iat: seconds() + 8, nbf: seconds() + 8 }),
  'par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails': () => refusedAssertion({ nbf: seconds() + 65 }),
  'par-attempt-to-use-request_uri-for-different-client': async () => {
    expect((await request(bank.authorizeUrl(await bank.push(), other.client_id))).status).toBe(400);
  },
  'par-authorization-request-containing-request_uri-form-param': () =>
    refusedPush({ request_uri: 'urn:ietf:params:oauth:request_uri:any' }),
  'par-attempt-invalid-http-method': async () => {
    expect((await request(bank.at('/oauth2/par'), { method: 'PUT' })).status).toBe(405);
  },
  'par-ensure-pkce-required': () => refusedPush({ code_challenge: undefined, code_challenge_method: undefined }),
  'par-plain-pkce-rejected': () => refusedPush({ code_challenge_method: 'plain' }),
  'ensure-pkce-code-verifier-required': async () => {
    const got = await bank.code();
    expect(await outcome(bank.exchange(bank.redeem(got, { code_verifier: undefined })))).toMatch(/^400 invalid_(grant|request)$/);
  },
  'incorrect-pkce-code-verifier-rejected': async () => {
    const got = await bank.code();
    expect(await outcome(bank.exchange(bank.redeem(got, { code_verifier: randomText() })))).toBe('400 invalid_grant');
  },
  'par-without-duplicate-parameters': async () => {
    expect((await bank.person.authorize(bank.authorizeUrl(await bank.push()))).searchParams.has('code')).toBe(true);
  },
  'par-test-array-as-audience-fails': () => refusedAssertion({ aud: [suite.issuer] }),
  'par-test-par-endpoint-url-as-audience-fails': () => refusedAssertion({ aud: bank.at('/oauth2/par') }),
  'par-test-token-endpoint-url-as-audience-fails': () => refusedAssertion({ aud: bank.at('/oauth2/token') }),
};

describe('FAPI 2.0 Security Profile', () => {
  test.each(Object.entries(modules))('fapi2-security-profile-final-%s', { timeout: 30_000 }, async (_module, run) => run());

  test.each<[string, object]>([
    ['a secret', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['no credential', { token_endpoint_auth_method: 'none' }],
    ['the implicit grant', { grant_types: ['authorization_code', 'implicit'], response_types: ['code', 'code id_token'] }],
    ['RS256 ID Tokens', { id_token_signed_response_alg: 'RS256' }],
    ['http', { redirect_uris: ['http://127.0.0.1/cb'] }],
    ['rotation', { refresh_token_rotation: 'always' }],
    ['no PKCE', { pkce_optional: true }],
  ])('FAPI 2.0 §5.3.2: a client with %s is not registered', async (_what, changes) => {
    await expect(Bank.register(suite, operator, bank.person, changes)).rejects.toThrow(/fapi2-security|none of/);
  });

  test('FAPI 2.0 §5.3.2: for the whole server discovery tells what is left, others are refused, operators can take it back', async () => {
    const plain = await operator.createClient({ ...registration, profile: '', token_endpoint_auth_method: 'none' });
    await operator.setSetting('token.profile', 'fapi2-security');
    const metadata = async () => (await request(bank.at('/.well-known/openid-configuration'))).json();
    await expect.poll(async () => (await metadata())['require_pushed_authorization_requests'], { timeout: 5_000 }).toBe(true);
    const told = await metadata();
    expect(told).toMatchObject({ response_types_supported: ['code'] });
    for (const method of ['none', 'client_secret_basic', 'client_secret_post']) {
      expect(told['token_endpoint_auth_methods_supported']).not.toContain(method);
    }
    for (const name of ['id_token', 'token_endpoint_auth', 'dpop', 'request_object']) {
      const list = told[`${name}_signing_alg_values_supported`];
      for (const alg of ['RS256', 'HS256', 'none']) expect(list ?? []).not.toContain(alg);
    }
    const refused = post(bank.at('/oauth2/token'), { grant_type: 'refresh_token', refresh_token: 'x' }, { client_id: plain.client_id });
    expect(await outcome(refused)).toBe('401 invalid_client');
    expect(await happy()).toHaveProperty('access_token');
    await operator.setSetting('token.profile', 'none');
  });
});
