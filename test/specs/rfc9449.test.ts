import {
  type Answer,
  bearer,
  DpopKey,
  hash,
  Operator,
  Person,
  post,
  type ProofChanges,
  randomText,
  RelyingParty,
  request,
  startFiveProcesses,
  type Suite,
  tokensOf,
} from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const redirect_uri = 'http://127.0.0.1:9/callback';
const [key, thief] = [new DpopKey(), new DpopKey()];
let suite: Suite;
let operator: Operator;
let person: Person;
let machine: { client_id: string; client_secret?: string };
let native: RelyingParty;
let tokenUrl: string;
let userInfoUrl: string;
/** The nonce of the last answer, as clients keep it. */
let nonce: string | undefined;

beforeAll(async () => {
  suite = await startFiveProcesses({ redis: true, tokenReplicas: 2 });
  operator = new Operator(suite);
  [tokenUrl, userInfoUrl] = [`${suite.issuer}/oauth2/token`, `${suite.issuer}/oauth2/userinfo`];
  machine = await operator.createClient({ grant_types: ['client_credentials'] });
  native = new RelyingParty(suite.issuer, await operator.createClient(nativeClient));
  person = new Person(suite.issuer, `dpop-${randomText().slice(0, 8)}@example.test`, randomText());
  await person.register();
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

const nativeClient = {
  client_name: 'Native',
  redirect_uris: [redirect_uri],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
  scope: 'openid email offline_access',
};

/** Asks with a proof, once more with the nonce of the answer where the server wants one (RFC 9449 §8). */
async function withProof(send: (dpop: string) => Promise<Answer>, prove: (claims: Record<string, unknown>) => string): Promise<Answer> {
  const first = await send(prove({ nonce }));
  const wanted = first.headers.get('dpop-nonce');
  if (wanted !== null) nonce = wanted;
  const [, challenged] = /error="([^"]*)"/.exec(first.headers.get('www-authenticate') ?? '') ?? [];
  const error = first.status === 200 ? undefined : (challenged ?? first.json()['error']);
  return error === 'use_dpop_nonce' ? send(prove({ nonce })) : first;
}

/** A token request with a proof by a key. */
function exchange(
  form: Record<string, string>,
  by: DpopKey,
  client: { client_id: string; client_secret?: string },
  more: ProofChanges = {},
) {
  return withProof(
    (dpop) => post(tokenUrl, form, client, { dpop }),
    (claims) => by.proof('POST', tokenUrl, { ...more, claims: { ...claims, ...more.claims } }),
  );
}

const credentials = { grant_type: 'client_credentials' };
const errorOf = ({ status, json }: Answer): string => `${status} ${json()['error'] ?? json()['token_type']}`;

function claimsOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
}

async function redeem(by: DpopKey, asked: Record<string, string> = {}) {
  const { code, verifier } = await native.code(person, asked);
  return exchange({ grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier }, by, native.client);
}

/** UserInfo by a token, under a scheme, with a proof by a key. */
function userInfo(token: string, by: DpopKey, scheme = 'DPoP', changed: Record<string, unknown> = {}): Promise<Answer> {
  return withProof(
    (dpop) => request(userInfoUrl, { headers: { authorization: `${scheme} ${token}`, dpop } }),
    (claims) => by.proof('GET', userInfoUrl, { claims: { ath: hash(token), ...claims, ...changed } }),
  );
}

describe('RFC 9449 §5: tokens for a key', () => {
  test('RFC 9449 §5.1: discovery lists the algorithms of proofs, asymmetric ones only', async () => {
    const metadata = (await request(`${suite.issuer}/.well-known/openid-configuration`)).json();
    expect(metadata['dpop_signing_alg_values_supported']).toEqual(expect.arrayContaining(['ES256', 'EdDSA', 'PS256', 'RS256']));
    expect(String(metadata['dpop_signing_alg_values_supported'])).not.toMatch(/none|HS/i);
  });

  test('RFC 9449 §8: the first proof is asked for a nonce, in an answer that no cache keeps', async () => {
    const answer = await post(tokenUrl, credentials, machine, { dpop: key.proof('POST', tokenUrl) });
    expect(errorOf(answer)).toBe('400 use_dpop_nonce');
    expect(answer.headers.get('dpop-nonce')).toMatch(/^[A-Za-z0-9_-]{20,}$/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(errorOf(await post(tokenUrl, credentials, machine))).toBe('200 Bearer');
  });

  test('RFC 9449 §6: the token is of type DPoP, and names the key', async () => {
    for (const by of [key, new DpopKey('EdDSA'), new DpopKey('RS256')]) {
      const answer = await exchange(credentials, by, machine);
      expect(errorOf(answer)).toBe('200 DPoP');
      expect(claimsOf(tokensOf(answer).access_token)['cnf']).toEqual({ jkt: by.jkt });
      expect(answer.headers.get('dpop-nonce')).not.toBeNull();
    }
  });

  test('RFC 9449 §5.2: a client that is registered for it gets nothing without a proof', async () => {
    const bound = await operator.createClient({ grant_types: ['client_credentials'], dpop_bound_access_tokens: true });
    expect(errorOf(await post(tokenUrl, credentials, bound))).toBe('400 invalid_dpop_proof');
    expect(errorOf(await exchange(credentials, key, bound))).toBe('200 DPoP');
  });

  test('RFC 9449 §6.2: introspection tells the key', async () => {
    const { access_token } = tokensOf(await exchange(credentials, key, machine));
    const answer = await post(`${suite.issuer}/oauth2/introspect`, { token: access_token }, machine);
    expect(answer.json()).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: key.jkt } });
  });
});

describe('RFC 9449 §4.3: attacks on the proof', () => {
  const privateJwk = new DpopKey();
  const attacks: readonly (readonly [string, ProofChanges])[] = [
    ['alg none', { header: { alg: 'none' } }],
    ['alg nOnE', { header: { alg: 'nOnE' } }],
    ['alg HS256 by the public key', { header: { alg: 'HS256' } }],
    ['alg HS256 with a key in the header', { header: { alg: 'HS256', jwk: { kty: 'oct', k: 'c2VjcmV0' } } }],
    ['an alg of another key', { header: { alg: 'RS256' } }],
    ['a private key in the header', { header: { jwk: privateJwk.privateKey.export({ format: 'jwk' }) }, by: privateJwk }],
    ['the signature of another key', { by: thief }],
    ['a foreign typ', { header: { typ: 'jwt' } }],
    ['a critical extension', { header: { crit: ['b64'], b64: false } }],
    ['no jti', { claims: { jti: undefined } }],
    ['another method', { claims: { htm: 'GET' } }],
    ['another host', { claims: { htu: 'https://evil.example/oauth2/token' } }],
    ['a user before the host', { claims: { htu: 'http://evil@localhost/oauth2/token' } }],
    ['an address that is longer', { claims: { htu: 'http://localhost/oauth2/token/../userinfo' } }],
    ['a huge jti', { claims: { jti: 'a'.repeat(3000) } }],
  ];
  test.each(attacks)('%s is invalid_dpop_proof', async (_title, changes) => {
    expect(errorOf(await exchange(credentials, key, machine, changes))).toBe('400 invalid_dpop_proof');
  });

  test('RFC 9449 §4.3: htu is compared after normalization', async () => {
    const { port } = new URL(suite.issuer);
    const htu = `HTTP://LOCALHOST:${port}/x/../oauth2/%74oken?a=b#c`;
    expect(errorOf(await exchange(credentials, key, machine, { claims: { htu } }))).toBe('200 DPoP');
  });

  test('RFC 9449 §4.3: two headers are invalid_dpop_proof', async () => {
    await exchange(credentials, key, machine);
    const headers = new Headers({
      authorization: `Basic ${Buffer.from(`${machine.client_id}:${machine.client_secret}`).toString('base64')}`,
    });
    for (let count = 0; count < 2; count++) headers.append('dpop', key.proof('POST', tokenUrl, { claims: { nonce } }));
    const answer = await request(tokenUrl, { method: 'POST', headers, body: new URLSearchParams(credentials) });
    expect(errorOf(answer)).toBe('400 invalid_dpop_proof');
  });

  test('RFC 9449 §8: a nonce that the server did not make is asked for anew', async () => {
    const proof = key.proof('POST', tokenUrl, { claims: { nonce: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' } });
    expect(errorOf(await post(tokenUrl, credentials, machine, { dpop: proof }))).toBe('400 use_dpop_nonce');
  });

  test('RFC 9449 §11.1: of one proof at two replicas 40 times at once, one is a token', async () => {
    await exchange(credentials, key, machine);
    const dpop = key.proof('POST', tokenUrl, { claims: { nonce } });
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, async () => errorOf(await post(tokenUrl, credentials, machine, { dpop }))),
    );
    expect(outcomes.filter((one) => one === '200 DPoP')).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(['200 DPoP', '400 invalid_dpop_proof']));
    expect(errorOf(await post(tokenUrl, credentials, machine, { dpop }))).toBe('400 invalid_dpop_proof');
  });

  test('RFC 9449 §4.3: whatever the header holds, the answer is no 500', async () => {
    const odd = ['x', 'a.b.c', '..', `${'a'.repeat(9000)}`, 'e30.e30.e30', 'eyJ0eXAiOiJkcG9wK2p3dCJ9.bnVsbA.AA', '{}', '\u00e9'];
    for (const dpop of odd) expect(errorOf(await post(tokenUrl, credentials, machine, { dpop })), dpop).toBe('400 invalid_dpop_proof');
  });
});

describe('RFC 9449 §10: codes and refresh tokens for a key', () => {
  test('RFC 9449 §10: a code for a key is of no use to another key, nor without one', async () => {
    const { code, verifier } = await native.code(person, { dpop_jkt: key.jkt });
    const form = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier };
    expect(errorOf(await post(tokenUrl, form, native.client))).toBe('400 invalid_grant');
    expect(errorOf(await exchange(form, thief, native.client))).toBe('400 invalid_grant');
    expect(errorOf(await exchange(form, key, native.client))).toBe('200 DPoP');
  });

  test('RFC 9449 §10: a dpop_jkt that is no thumbprint is invalid_request', async () => {
    const arrived = await person.authorize(native.begin({ dpop_jkt: 'not a thumbprint' }).url);
    expect(arrived.searchParams.get('error')).toBe('invalid_request');
  });

  test('RFC 9449 §5: the refresh token of a public client is of no use to another key, nor without one', async () => {
    const { refresh_token } = tokensOf(await redeem(key));
    const form = { grant_type: 'refresh_token', refresh_token };
    expect(errorOf(await post(tokenUrl, form, native.client))).toBe('400 invalid_grant');
    expect(errorOf(await exchange(form, thief, native.client))).toBe('400 invalid_grant');
    const next = tokensOf(await exchange(form, key, native.client));
    expect(claimsOf(next.access_token)['cnf']).toEqual({ jkt: key.jkt });
    expect(errorOf(await exchange({ ...form, refresh_token: next.refresh_token }, thief, native.client))).toBe('400 invalid_grant');
  });
});

test('RFC 9449 §10.1: a proof at the PAR endpoint binds the code to its key', async () => {
  const par = `${suite.issuer}/oauth2/par`;
  const { verifier, url } = native.begin();
  const form = Object.fromEntries(new URL(url).searchParams);
  const pushed = await withProof(
    (dpop) => post(par, form, undefined, { dpop }),
    (claims) => key.proof('POST', par, { claims }),
  );
  expect(pushed.status).toBe(201);
  const query = new URLSearchParams({ client_id: native.client.client_id, request_uri: String(pushed.json()['request_uri']) });
  const arrived = await person.authorize(`${suite.issuer}/oauth2/authorize?${query}`);
  const code = arrived.searchParams.get('code') ?? '';
  const redeemed = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier };
  expect(errorOf(await exchange(redeemed, thief, native.client))).toBe('400 invalid_grant');
  expect(errorOf(await exchange(redeemed, key, native.client))).toBe('200 DPoP');
});

describe('RFC 9449 §7: UserInfo', () => {
  test('RFC 9449 §7.1: the token under DPoP, with a proof of its key that names it', async () => {
    const { access_token } = tokensOf(await redeem(key));
    const answer = await userInfo(access_token, key);
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ email: person.email });
    expect(answer.headers.get('dpop-nonce')).not.toBeNull();
  });

  test('RFC 9449 §7.2: a stolen token is of no use as a bearer token, nor with the thief’s key', async () => {
    const { access_token } = tokensOf(await redeem(key));
    for (const answer of [
      await bearer(userInfoUrl, access_token),
      await userInfo(access_token, thief),
      await userInfo(access_token, key, 'Bearer'),
    ]) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^DPoP .*error="invalid_token".*algs="ES256 /);
    }
  });

  test('RFC 9449 §7.1: a proof for another token, another address or another method is refused', async () => {
    const { access_token } = tokensOf(await redeem(key));
    for (const changed of [{ ath: hash('another') }, { ath: undefined }, { htu: tokenUrl }, { htm: 'POST' }]) {
      const answer = await userInfo(access_token, key, 'DPoP', changed);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_dpop_proof"');
    }
  });

  test('RFC 9449 §9: without a nonce it is 401 use_dpop_nonce, with a new one', async () => {
    const { access_token } = tokensOf(await redeem(key));
    const dpop = key.proof('GET', userInfoUrl, { claims: { ath: hash(access_token) } });
    const answer = await request(userInfoUrl, { headers: { authorization: `DPoP ${access_token}`, dpop } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="use_dpop_nonce"');
    expect(answer.headers.get('dpop-nonce')).not.toBeNull();
  });

  test('RFC 9449 §7.1: a bearer token under DPoP is refused', async () => {
    const { access_token } = await native.tokens(person);
    expect((await userInfo(access_token, key)).status).toBe(401);
    expect((await bearer(userInfoUrl, access_token)).status).toBe(200);
  });
});

test('RFC 9449 §8: where nonces are optional a proof needs none', async () => {
  await operator.setSetting('token.dpop_nonce', 'optional');
  const send = () => post(tokenUrl, credentials, machine, { dpop: key.proof('POST', tokenUrl) });
  await expect.poll(async () => errorOf(await send()), { timeout: 10_000 }).toBe('200 DPoP');
  const old = key.proof('POST', tokenUrl, { claims: { iat: Math.floor(Date.now() / 1000) - 120 } });
  await expect
    .poll(async () => errorOf(await post(tokenUrl, credentials, machine, { dpop: old })), { timeout: 10_000 })
    .toBe('400 invalid_dpop_proof');
  await operator.setSetting('token.dpop_nonce', 'required');
  await expect.poll(async () => errorOf(await send()), { timeout: 10_000 }).toBe('400 use_dpop_nonce');
});

test('house.md, epochs: after the store of marks came back empty no used proof is taken, and new ones are', async () => {
  await exchange(credentials, key, machine);
  const dpop = key.proof('POST', tokenUrl, { claims: { nonce } });
  expect(errorOf(await post(tokenUrl, credentials, machine, { dpop }))).toBe('200 DPoP');
  await suite.redis?.kill();
  await suite.redis?.restart();
  await expect.poll(async () => (await exchange(credentials, key, machine)).status, { timeout: 20_000 }).toBe(200);
  for (let attempt = 0; attempt < 6; attempt++) {
    expect(errorOf(await post(tokenUrl, credentials, machine, { dpop }))).toMatch(/^400 (?:use_dpop_nonce|invalid_dpop_proof)$/);
  }
});
