import { bearer, DpopKey, post, randomText, request } from '@authority/testing/suite';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { redirect_uri } from '../fapi2/bank.ts';
import { type Fapi2Module, type Fapi2Run, happy, lifetimeOf, outcome, refusedAssertion, refusedPush, seconds } from './fapi2-run.ts';

const isRefusedProof = /^400 invalid_(grant|dpop_proof)$/;

/** RFC 9449 §6.1, RFC 8705 §3.1: what the token says it is bound to. */
const confirmationOf = ({ bank, variant: { constraint } }: Fapi2Run) =>
  constraint === 'dpop'
    ? { jkt: bank.proofKey.jkt }
    : { 'x5t#S256': createHash('sha256').update(bank.certificate.der).digest('base64url') };

/** Parameters that the browser brings beside the pushed ones do not count (FAPI 2.0 §5.3.2.2, RFC 9126 §4). */
const besidePushed =
  (changes: Readonly<Record<string, string | undefined>>, beside: Readonly<Record<string, string>>): Fapi2Module =>
  async ({ bank }) => {
    const verifier = randomText();
    const nonce = randomText();
    const { searchParams } = await bank.arrive({ nonce, ...changes }, verifier, beside);
    expect(searchParams.get('state')).toBe('state' in changes ? null : 'the state');
    const { id_token = '' } = (await bank.exchange(bank.redeem({ code: searchParams.get('code') ?? '', verifier }))).json();
    expect(decodeJwt(String(id_token))['nonce']).toBe(nonce);
  };

const withProofAt =
  (iat: () => Readonly<Record<string, number>>): Fapi2Module =>
  async ({ bank }) => {
    expect((await bank.exchange(bank.redeem(await bank.code()), { more: { claims: iat() } })).status).toBe(200);
  };

const withNonce =
  (nonce: string | undefined): Fapi2Module =>
  async (run) => {
    expect(decodeJwt((await happy(run, { nonce }))['id_token'] ?? '')['nonce']).toBe(nonce);
  };

/** Modules of fapi2-security-profile-final-test-plan, by their names without `fapi2-security-profile-final-`. */
export const fapi2Modules: Readonly<Record<string, Fapi2Module>> = {
  'discovery-end-point-verification': async ({ suite, bank, variant }) => {
    const told = (await request(bank.at('/.well-known/openid-configuration'))).json();
    expect(told).toMatchObject({ issuer: suite.issuer, authorization_response_iss_parameter_supported: true });
    expect(told['pushed_authorization_request_endpoint']).toBe(bank.at('/oauth2/par'));
    const method = variant.authentication === 'mtls' ? 'self_signed_tls_client_auth' : 'private_key_jwt';
    expect(told['token_endpoint_auth_methods_supported']).toContain(method);
    expect(told['code_challenge_methods_supported']).toEqual(['S256']);
    if (variant.constraint === 'mtls') expect(told['tls_client_certificate_bound_access_tokens']).toBe(true);
    else expect(told['dpop_signing_alg_values_supported']).toEqual(expect.arrayContaining(['PS256', 'ES256', 'EdDSA']));
  },
  'happy-flow': async (run) => {
    const { bank, suite } = run;
    const arrived = await bank.arrive();
    expect([arrived.searchParams.get('iss'), arrived.searchParams.get('state')]).toEqual([suite.issuer, 'the state']);
    const { token_type, access_token = '', id_token = '' } = await happy(run);
    expect(token_type).toBe(run.variant.constraint === 'dpop' ? 'DPoP' : 'Bearer');
    expect(decodeJwt(access_token)['cnf']).toEqual(confirmationOf(run));
    expect(['PS256', 'ES256', 'EdDSA']).toContain(decodeProtectedHeader(id_token).alg);
    expect((await bank.userInfo(access_token)).status).toBe(200);
  },
  'user-rejects-authentication': async ({ unknown, suite }) => {
    const fresh = await unknown();
    const { searchParams } = await fresh.person.authorize(fresh.authorizeUrl(await fresh.pushed()), 'deny');
    expect(Object.fromEntries(searchParams)).toMatchObject({ error: 'access_denied', state: 'the state', iss: suite.issuer });
  },
  'ensure-authorization-request-without-state-success': async ({ bank }) => {
    expect((await bank.arrive({ state: undefined })).searchParams.has('state')).toBe(false);
  },
  'ensure-authorization-request-without-nonce-success': withNonce(undefined),
  'ensure-authorization-request-with-64-char-nonce-success': withNonce('n'.repeat(64)),
  'ensure-other-scope-order-succeeds': async (run) => {
    expect(await happy(run, { scope: 'offline_access openid' })).toHaveProperty('id_token');
  },
  'test-claims-parameter-identity-claims': async (run) => {
    const { bank } = run;
    const claims = JSON.stringify({ userinfo: { email: null }, id_token: { email: { essential: true } } });
    const { access_token = '', id_token = '' } = await happy(run, { scope: 'openid', claims });
    expect(decodeJwt(id_token)['email']).toBe(bank.person.email);
    expect((await bank.userInfo(access_token)).json()['email']).toBe(bank.person.email);
  },
  'access-token-type-header-case-sensitivity': async (run) => {
    const { access_token = '' } = await happy(run);
    const schemes = run.variant.constraint === 'dpop' ? ['dpop', 'DPOP', 'DpOp'] : ['bearer', 'BEARER', 'bEaReR'];
    for (const scheme of schemes) expect((await run.bank.userInfo(access_token, scheme)).status).toBe(200);
  },
  'check-dpop-proof-nbf-exp': withProofAt(() => ({ nbf: seconds() - 10, exp: seconds() + 60 })),
  'ensure-dpopproof-with-iat-10seconds-before-succeeds': withProofAt(() => ({ iat: seconds() - 10 })),
  'ensure-dpopproof-with-iat-10seconds-after-succeeds': withProofAt(() => ({ iat: seconds() + 10 })),
  'ensure-mismatched-dpop-jkt-fails': async ({ bank }) => {
    const answer = bank.push({ dpop_jkt: new DpopKey().jkt }, { proof: bank.proofKey });
    expect(await outcome(answer)).toMatch(/^400 invalid_(dpop_proof|request)$/);
  },
  'ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt': async ({ bank }) => {
    const got = await bank.code({}, new DpopKey());
    expect(await outcome(bank.exchange(bank.redeem(got)))).toMatch(isRefusedProof);
  },
  'ensure-token-endpoint-fails-with-mismatched-dpop-jkt': async ({ bank }) => {
    const got = await bank.code({ dpop_jkt: new DpopKey().jkt });
    expect(await outcome(bank.exchange(bank.redeem(got)))).toMatch(isRefusedProof);
  },
  'ensure-dpopproof-at-par-endpoint-binding-success': async ({ bank }) => {
    expect((await bank.exchange(bank.redeem(await bank.code({}, bank.proofKey)))).status).toBe(200);
  },
  'ensure-dpop-auth-code-binding-success': async (run) => {
    expect(await happy(run, { dpop_jkt: run.bank.proofKey.jkt })).toHaveProperty('access_token');
  },
  'ensure-different-nonce-inside-and-outside-request-object': besidePushed({}, { nonce: 'another nonce' }),
  'ensure-different-state-inside-and-outside-request-object': besidePushed({}, { state: 'another state' }),
  'ensure-authorization-request-with-long-nonce': withNonce('n'.repeat(384)),
  'ensure-authorization-request-with-long-state': async ({ bank }) => {
    const state = 's'.repeat(384);
    expect((await bank.arrive({ state })).searchParams.get('state')).toBe(state);
  },
  'state-only-outside-request-object-not-used': besidePushed({ state: undefined }, { state: 'outside' }),
  'ensure-request-object-without-redirect-uri-fails': refusedPush({ redirect_uri: undefined }),
  'plain-fapi-tolerate-unregistered-redirect-uri': refusedPush({ redirect_uri: `${redirect_uri}/bad` }),
  'ensure-unsigned-authorization-request-without-using-par-fails': async ({ bank }) => {
    const { headers } = await request(bank.at(`/oauth2/authorize?${new URLSearchParams(bank.request(randomText()))}`));
    const went = new URL(headers.get('location') ?? '');
    expect([went.origin + went.pathname, went.searchParams.get('error')]).toEqual([redirect_uri, 'invalid_request']);
  },
  'ensure-redirect-uri-in-authorization-request': refusedPush({ redirect_uri: undefined }),
  'ensure-response-type-code-idtoken-fails': refusedPush({ response_type: 'code id_token' }),
  'ensure-response-type-token-fails': refusedPush({ response_type: 'token' }),
  'ensure-client-id-in-token-endpoint': async ({ bank, other, variant }) => {
    const form = bank.redeem(await bank.code());
    const { client_id } = other;
    const mixed = variant.authentication === 'mtls' ? { client_id } : { ...(await bank.assertion()), client_id };
    expect(await outcome(bank.exchange(form, { authentication: mixed }))).toMatch(/^40[01] invalid_/);
  },
  'ensure-holder-of-key-required': async ({ bank, variant: { authentication, constraint } }) => {
    const got = await bank.code();
    const bare = constraint === 'dpop' ? { by: undefined } : { certificate: undefined };
    const refused = authentication === 'mtls' && constraint === 'mtls' ? '401 invalid_client' : '400 invalid_request';
    expect(await outcome(bank.exchange(bank.redeem(got), bare))).toBe(refused);
    // What was asked in vain used nothing up.
    expect((await bank.exchange(bank.redeem(got))).status).toBe(200);
  },
  'ensure-authorization-code-is-bound-to-client': async ({ bank, other }) => {
    expect(await outcome(other.exchange(other.redeem(await bank.code())))).toBe('400 invalid_grant');
  },
  'attempt-reuse-authorization-code-after-one-second': async ({ bank }) => {
    const got = await bank.code();
    const { access_token } = (await bank.exchange(bank.redeem(got))).json();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await outcome(bank.exchange(bank.redeem(got)))).toBe('400 invalid_grant');
    expect((await bank.userInfo(String(access_token))).status).toBe(401);
  },
  'ensure-token-endpoint-fails-with-expired-auth-code': async (run) => {
    const { bank } = run;
    let got = { code: '', verifier: '' };
    await lifetimeOf(run, 'token.code_lifetime', 60, async () => {
      got = await bank.code();
    });
    expect(await outcome(bank.exchange(bank.redeem(got)))).toBe('400 invalid_grant');
  },
  'ensure-signed-client-assertion-with-RS256-fails': refusedAssertion(() => ({}), 'RS256'),
  'ensure-client-assertion-in-token-endpoint': async ({ bank }) => {
    const form = bank.redeem(await bank.code());
    expect(await outcome(bank.exchange(form, { authentication: { client_id: bank.client_id } }))).toBe('401 invalid_client');
  },
  'ensure-client-assertion-with-exp-is-5-minutes-in-past-fails': refusedAssertion(() => ({ iat: seconds() - 600, exp: seconds() - 300 })),
  'ensure-client-assertion-with-wrong-aud-fails': refusedAssertion(() => ({ aud: 'https://other.example.com' })),
  'ensure-client-assertion-with-no-sub-fails': refusedAssertion(() => ({ sub: undefined })),
  'dpop-negative-tests': async (run) => {
    const { bank } = run;
    const wrong = [
      ...[{ claims: { htm: 'GET' } }, { claims: { htu: 'https://other.example.com/token' } }, { claims: { jti: undefined } }],
      ...[{ header: { typ: 'jwt' } }, { header: { jwk: undefined } }, { by: new DpopKey() }, { header: { alg: 'none' } }],
    ];
    const form = bank.redeem({ code: 'any', verifier: randomText() });
    for (const more of wrong) expect(await outcome(bank.exchange(form, { more }))).toBe('400 invalid_dpop_proof');
    expect(await outcome(bank.exchange(form, { by: new DpopKey('RS256') }))).toBe('400 invalid_dpop_proof');
    const { access_token = '' } = await happy(run);
    expect((await bearer(bank.at('/oauth2/userinfo'), access_token)).status).toBe(401);
  },
  'refresh-token': async (run) => {
    const { bank, other } = run;
    const { refresh_token = '' } = await happy(run);
    for (let round = 0; round < 2; round += 1) {
      const refreshed = await bank.exchange({ grant_type: 'refresh_token', refresh_token });
      expect(refreshed.status).toBe(200);
      // FAPI 2.0 §5.3.2.1: no rotation.
      expect(refreshed.json()['refresh_token'] ?? refresh_token).toBe(refresh_token);
    }
    expect(await outcome(other.exchange({ grant_type: 'refresh_token', refresh_token }))).toBe('400 invalid_grant');
  },
  'par-ensure-reused-request-uri-prior-to-auth-completion-succeeds': async ({ bank }) => {
    const url = bank.authorizeUrl(await bank.pushed());
    await request(url);
    expect((await bank.person.authorize(url)).searchParams.has('code')).toBe(true);
  },
  'par-attempt-reuse-request_uri': async ({ bank }) => {
    const url = bank.authorizeUrl(await bank.pushed());
    await bank.person.authorize(url);
    expect((await request(url)).status).toBe(400);
  },
  'par-attempt-to-use-expired-request_uri': async (run) => {
    let url = '';
    await lifetimeOf(run, 'token.par_lifetime', 60, async () => {
      url = run.bank.authorizeUrl(await run.bank.pushed());
    });
    expect((await request(url)).status).toBe(400);
  },
  'par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted': async ({ bank }) => {
    const by = await bank.assertion({ iat: seconds() + 8, nbf: seconds() + 8 });
    expect((await bank.push({}, { by })).status).toBe(201);
  },
  'par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails': refusedAssertion(() => ({ nbf: seconds() + 65 })),
  'par-attempt-to-use-request_uri-for-different-client': async ({ bank, other }) => {
    expect((await request(bank.authorizeUrl(await bank.pushed(), { client_id: other.client_id }))).status).toBe(400);
  },
  'par-authorization-request-containing-request_uri-form-param': async ({ bank, variant }) => {
    const request_uri = 'urn:ietf:params:oauth:request_uri:any';
    const asked = variant.request === 'signed' ? bank.push({}, { beside: { request_uri } }) : bank.push({ request_uri });
    expect(await outcome(asked)).toBe('400 invalid_request');
  },
  'par-attempt-invalid-http-method': async ({ bank }) => {
    expect((await request(bank.at('/oauth2/par'), { method: 'PUT' })).status).toBe(405);
  },
  'par-ensure-pkce-required': refusedPush({ code_challenge: undefined, code_challenge_method: undefined }),
  'ensure-pkce-code-verifier-required': async ({ bank }) => {
    const form = bank.redeem(await bank.code(), { code_verifier: undefined });
    expect(await outcome(bank.exchange(form))).toMatch(/^400 invalid_(grant|request)$/);
  },
  'incorrect-pkce-code-verifier-rejected': async ({ bank }) => {
    const form = bank.redeem(await bank.code(), { code_verifier: randomText() });
    expect(await outcome(bank.exchange(form))).toBe('400 invalid_grant');
  },
  'par-plain-pkce-rejected': refusedPush({ code_challenge_method: 'plain' }),
  'par-without-duplicate-parameters': async ({ bank }) => {
    expect((await bank.arrive()).searchParams.has('code')).toBe(true);
  },
  'par-test-array-as-audience-fails': refusedAssertion(({ suite }) => ({ aud: [suite.issuer] })),
  'par-test-par-endpoint-url-as-audience-fails': refusedAssertion(({ bank }) => ({ aud: bank.at('/oauth2/par') })),
  'par-test-token-endpoint-url-as-audience-fails': refusedAssertion(({ bank }) => ({ aud: bank.at('/oauth2/token') })),
};

const refusedObject =
  (claims: (run: Fapi2Run) => object, alg?: 'RS256'): Fapi2Module =>
  async (run) => {
    expect(await outcome(run.bank.pushObject(await run.bank.requestObject({}, claims(run), alg)))).toBe('400 invalid_request_object');
  };
const acceptedObject =
  (claims: (run: Fapi2Run) => object): Fapi2Module =>
  async (run) => {
    const pushed = await run.bank.pushObject(await run.bank.requestObject({}, claims(run)));
    expect(pushed.status).toBe(201);
    expect((await run.bank.person.authorize(run.bank.authorizeUrl(pushed))).searchParams.has('code')).toBe(true);
  };

/** Those that the plan takes out, because they need request objects: FAPI 2.0 Message Signing wants those. */
export const signedModules: Readonly<Record<string, Fapi2Module>> = {
  'ensure-request-object-with-multiple-aud-succeeds': acceptedObject(({ suite }) => ({ aud: ['https://other.example.com', suite.issuer] })),
  'ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted': acceptedObject(() => ({ nbf: seconds() + 8 })),
  'ensure-request-object-without-exp-fails': refusedObject(() => ({ exp: undefined })),
  'ensure-request-object-without-nbf-fails': refusedObject(() => ({ nbf: undefined })),
  'ensure-expired-request-object-fails': refusedObject(() => ({ iat: seconds() - 600, nbf: seconds() - 600, exp: seconds() - 300 })),
  'ensure-request-object-with-bad-aud-fails': refusedObject(() => ({ aud: 'https://other.example.com' })),
  'ensure-request-object-with-exp-over-60-fails': refusedObject(() => ({ exp: seconds() + 70 * 60 })),
  'ensure-request-object-with-nbf-over-60-fails': refusedObject(() => ({ nbf: seconds() - 70 * 60, exp: seconds() + 60 })),
  'ensure-signed-request-object-with-RS256-fails': refusedObject(() => ({}), 'RS256'),
  'ensure-request-object-signature-algorithm-is-not-none': async ({ bank }) => {
    const [, claims] = (await bank.requestObject()).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    expect(await outcome(bank.pushObject(`${header}.${claims}.`))).toBe('400 invalid_request_object');
  },
  'ensure-request-object-with-invalid-signature-fails': async ({ bank }) => {
    const [header, claims] = (await bank.requestObject()).split('.');
    const [, , signature] = (await bank.requestObject()).split('.');
    expect(await outcome(bank.pushObject([header, claims, signature].join('.')))).toBe('400 invalid_request_object');
  },
  'ensure-matching-key-in-authorization-request': async ({ bank, other }) => {
    const object = await bank.requestObject({}, {}, 'ES256', other.keys.ES256);
    expect(await outcome(bank.pushObject(object))).toBe('400 invalid_request_object');
  },
  'ensure-unsigned-request-at-par-endpoint-fails': async ({ bank }) => {
    const form = { ...bank.request(randomText()), ...(await bank.authentication()) };
    expect(await outcome(post(bank.at('/oauth2/par'), form, undefined, bank.shows()))).toBe('400 invalid_request');
  },
  'par-authorization-request-containing-request_uri': refusedObject(() => ({ request_uri: 'urn:ietf:params:oauth:request_uri:any' })),
};
