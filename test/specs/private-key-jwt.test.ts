import { type Answer, Operator, post, startOneProcess, type Suite } from '@authority/testing/suite';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let suite: Suite;
let operator: Operator;
let key: CryptoKey;
let jwks: string;
let client_id: string;
beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  const pair = await generateKeyPair('ES256', { extractable: true });
  key = pair.privateKey;
  jwks = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] });
  ({ client_id } = await register({}));
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

const register = (more: { legacy_assertion_audience?: boolean }) =>
  operator.createClient({ grant_types: ['client_credentials'], token_endpoint_auth_method: 'private_key_jwt', jwks, ...more });

/** RFC 7523 §3: an assertion that is right but for `changes`; undefined takes a claim away. */
function assertion(changes: JWTPayload = {}, header: Record<string, unknown> = {}, by = key): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: client_id, sub: client_id, aud: suite.issuer, jti: crypto.randomUUID(), iat: now, exp: now + 60, ...changes };
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one', ...header }).sign(by);
}

function present(client_assertion: string, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  return post(`${suite.issuer}/oauth2/token`, { grant_type: 'client_credentials', client_assertion_type, client_assertion, ...more });
}

const outcome = async (answer: Promise<Answer>): Promise<string> => {
  const { status, json } = await answer;
  return `${status} ${json()['error'] ?? 'token'}`;
};

describe('RFC 7523 §2.2: private_key_jwt', () => {
  test('an assertion for the issuer is a token, also with a type of its own', async () => {
    expect(await outcome(present(await assertion()))).toBe('200 token');
    expect(await outcome(present(await assertion({}, { typ: 'client-authentication+jwt' })))).toBe('200 token');
    expect(await outcome(present(await assertion({ aud: [suite.issuer] })))).toBe('200 token');
  });

  test('RFC 7523 §3: an assertion is good once, of 20 at the same time one', async () => {
    const once = await assertion();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(present(once))));
    expect(outcomes.filter((one) => one === '200 token')).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(['200 token', '401 invalid_client']));
    expect(await outcome(present(once))).toBe('401 invalid_client');
  });

  const seconds = (): number => Math.floor(Date.now() / 1000);
  const refused: readonly (readonly [string, () => Promise<string>])[] = [
    ['RFC 10070: for several audiences', () => assertion({ aud: [suite.issuer, 'https://other.example'] })],
    ['RFC 10070: for the token endpoint', () => assertion({ aud: `${suite.issuer}/oauth2/token` })],
    ['RFC 7523 §3: for another server', () => assertion({ aud: 'https://other.example' })],
    ['RFC 7523 §3: of another issuer', () => assertion({ iss: 'c_other' })],
    ['RFC 7523 §3: expired', () => assertion({ iat: seconds() - 600, exp: seconds() - 300 })],
    ['RFC 7523 §3: of the future', () => assertion({ nbf: seconds() + 600 })],
    ['RFC 7523 §3: without exp', () => assertion({ exp: undefined as never })],
    ['RFC 7523 §3: without jti', () => assertion({ jti: undefined as never })],
    ['RFC 8725 §3.11: of another type', () => assertion({}, { typ: 'at+jwt' })],
    ['RFC 8725 §3.2: signed by another key', async () => assertion({}, {}, (await generateKeyPair('ES256')).privateKey)],
  ];
  test.each(refused)('%s is invalid_client', async (_title, make) => {
    expect(await outcome(present(await make()))).toBe('401 invalid_client');
  });

  test('RFC 6749 §2.3: together with a secret it is invalid_request', async () => {
    expect(await outcome(present(await assertion(), { client_id, client_secret: 'x' }))).toBe('400 invalid_request');
  });

  test('RFC 10070: a client that is marked as old may name the token endpoint', async () => {
    const old = await register({ legacy_assertion_audience: true });
    const named = { iss: old.client_id, sub: old.client_id, aud: `${suite.issuer}/oauth2/token` };
    expect(await outcome(present(await assertion(named)))).toBe('200 token');
  });
});
