import { setTimeout as sleep } from 'node:timers/promises';
import { TrustedIssuer, TrustedIssuerServiceService } from '@authority/contracts/admin';
import {
  type Answer,
  authorityctl,
  type CreatedClient,
  Operator,
  post,
  startFiveProcesses,
  type Suite,
  tokensOf,
} from '@authority/testing/suite';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const iss = 'https://workforce.example';
/** By then every replica knows what was changed (house.md, "One revocation set"). */
const known = 700;
let suite: Suite;
let operator: Operator;
let key: CryptoKey;
let jwks: string;
let client: CreatedClient;

beforeAll(async () => {
  suite = await startFiveProcesses({ tokenReplicas: 2 });
  operator = new Operator(suite);
  const pair = await generateKeyPair('ES256', { extractable: true });
  key = pair.privateKey;
  jwks = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] });
  await trust({});
  client = await newClient([iss]);
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

async function trust(changes: Partial<TrustedIssuer>): Promise<TrustedIssuer> {
  const trusted_issuer = TrustedIssuer.fromPartial({ issuer: iss, jwks, scope: 'orders.read openid', ...changes });
  const answer = await operator.call(TrustedIssuerServiceService.createTrustedIssuer, { trusted_issuer });
  if (!answer.trusted_issuer) throw new Error('nothing was created');
  await sleep(known);
  return answer.trusted_issuer;
}
async function newClient(jwt_bearer_issuers: string[]): Promise<CreatedClient> {
  const created = await operator.createClient({ grant_types: [grant_type], scope: 'orders.read orders.write openid', jwt_bearer_issuers });
  await sleep(known);
  return created;
}

/** RFC 7523 §3: an assertion that is right but for `changes`; undefined takes a claim away. */
function assertion(changes: JWTPayload = {}, header: Record<string, unknown> = {}, by = key): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss, sub: 'ada', aud: suite.issuer, jti: crypto.randomUUID(), iat: now, exp: now + 60, ...changes };
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one', ...header }).sign(by);
}
const bring = (jwt: string, more: Readonly<Record<string, string>> = {}, by: CreatedClient = client): Promise<Answer> =>
  post(`${suite.issuer}/oauth2/token`, { grant_type, assertion: jwt, ...more }, by);
const outcome = async (answer: Promise<Answer>): Promise<string> => {
  const { status, json } = await answer;
  return `${status} ${json()['error'] ?? 'token'}`;
};
const claims = (jwt: string): Record<string, unknown> => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
const isActive = async (token: string) => (await post(`${suite.issuer}/oauth2/introspect`, { token }, client)).json()['active'];

describe('RFC 7523 §2.1: the JWT bearer grant', () => {
  test('an assertion of a trusted issuer is a token for a subject who is nobody here', async () => {
    const answer = await bring(await assertion());
    expect(answer.json()).toMatchObject({ token_type: 'Bearer', scope: 'orders.read' });
    expect(answer.json()).not.toHaveProperty('refresh_token');
    const { sub } = claims(tokensOf(answer).access_token);
    expect(sub).toMatch(/^urn:authority:external:[\w-]{43}$/);
    const again = await bring(await assertion());
    expect(claims(tokensOf(again).access_token)['sub']).toBe(sub);
  });

  test('RFC 7523 §3: an assertion is good once: of 20 at once, over two replicas, one', async () => {
    const once = await assertion();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(bring(once))));
    expect(outcomes.filter((one) => one === '200 token')).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(['200 token', '400 invalid_grant']));
  });

  const seconds = (): number => Math.floor(Date.now() / 1000);
  const refused: readonly (readonly [string, () => Promise<string>])[] = [
    ['RFC 7523 §3: of another issuer', () => assertion({ iss: 'https://evil.example' })],
    ['RFC 7523 §3: of this server', () => assertion({ iss: suite.issuer })],
    ['RFC 7523 §2.2: that is the client’s own', () => assertion({ iss: client.client_id, sub: client.client_id })],
    ['RFC 7523 §3: for another server', () => assertion({ aud: 'https://other.example' })],
    ['RFC 10070: for several audiences', () => assertion({ aud: [suite.issuer, 'https://other.example'] })],
    ['RFC 7523 §3: expired', () => assertion({ iat: seconds() - 600, exp: seconds() - 300 })],
    ['RFC 7523 §3: of the future', () => assertion({ iat: seconds() + 600, exp: seconds() + 660 })],
    ['RFC 7523 §3: that lives too long', () => assertion({ exp: seconds() + 86_400 })],
    ['RFC 7523 §3: without exp', () => assertion({ exp: undefined as never })],
    ['RFC 7523 §3: without jti', () => assertion({ jti: undefined as never })],
    ['RFC 7523 §3: without sub', () => assertion({ sub: undefined as never })],
    ['RFC 8725 §3.11: typed as a client assertion', () => assertion({}, { typ: 'client-authentication+jwt' })],
    ['RFC 8725 §3.11: typed as an access token', () => assertion({}, { typ: 'at+jwt' })],
    ['RFC 8725 §3.2: signed by another key', async () => assertion({}, {}, (await generateKeyPair('ES256')).privateKey)],
    ['RFC 8725 §3.1: of alg none', async () => new UnsecuredJWT({ iss, sub: 'ada', aud: suite.issuer }).encode()],
    ['RFC 7515 §4.1.11: with crit', () => assertion({}, { crit: ['b64'], b64: true })],
    ['RFC 7521 §4.1: that is nonsense', async () => 'nonsense'],
  ];
  test.each(refused)('%s is invalid_grant', async (_title, make) => {
    expect(await outcome(bring(await make()))).toBe('400 invalid_grant');
  });

  test('RFC 7523 §2.2: it is no client assertion, and a client assertion is none of it', async () => {
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const form = { grant_type, assertion: await assertion(), client_assertion_type, client_assertion: await assertion() };
    expect(await outcome(post(`${suite.issuer}/oauth2/token`, form))).toBe('401 invalid_client');
  });

  test('RFC 7523 §3: a client assertion is good once over two replicas as well', async () => {
    const signs = await operator.createClient({ grant_types: ['client_credentials'], token_endpoint_auth_method: 'private_key_jwt', jwks });
    await sleep(known);
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const client_assertion = await assertion({ iss: signs.client_id, sub: signs.client_id });
    const form = { grant_type: 'client_credentials', client_assertion_type, client_assertion };
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(post(`${suite.issuer}/oauth2/token`, form))));
    expect(outcomes.filter((one) => one === '200 token')).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(['200 token', '401 invalid_client']));
  });

  test('RFC 7521 §3: a client brings only what it may bring', async () => {
    const stranger = await newClient(['https://other.example']);
    expect(await outcome(bring(await assertion(), {}, stranger))).toBe('400 invalid_grant');
    const none = await operator.createClient({ grant_types: ['client_credentials'] });
    await sleep(known);
    expect(await outcome(bring(await assertion(), {}, none))).toBe('400 unauthorized_client');
    const jwt = await assertion();
    expect(await outcome(post(`${suite.issuer}/oauth2/token`, { grant_type, assertion: jwt, client_id: client.client_id }))).toBe(
      '401 invalid_client',
    );
  });

  test('RFC 7521 §4.1.1: a scope beyond issuer or client is invalid_scope', async () => {
    for (const scope of ['orders.write', 'openid', 'authority.admin']) {
      expect(await outcome(bring(await assertion(), { scope }))).toBe('400 invalid_scope');
    }
  });

  test('a local subject is a person here, until they are disabled', async () => {
    const { sub } = await operator.createIdentity({ email: 'ada@example.com', password: 'correct horse battery staple' });
    await trust({ issuer: 'https://hr.example', subjects: 'local' });
    const hr = await newClient(['https://hr.example']);
    const ask = async (subject: string) => bring(await assertion({ iss: 'https://hr.example', sub: subject }), { scope: 'openid' }, hr);
    const answer = await ask(sub);
    expect(claims(tokensOf(answer).access_token)).toMatchObject({ sub });
    for (const stranger of [client.client_id, '01890000-0000-7000-8000-00000000000a']) {
      expect(await outcome(ask(stranger))).toBe('400 invalid_grant');
    }
    await operator.updateIdentity(sub, { disabled: true });
    expect(await outcome(ask(sub))).toBe('400 invalid_grant');
  });

  test('house.md: an issuer that is deleted is refused, and its tokens end, at every replica', async () => {
    const issuer = 'https://short.example';
    const { trusted_issuer_id } = await trust({ issuer });
    const own = await newClient([issuer]);
    const got = tokensOf(await bring(await assertion({ iss: issuer }), {}, own)).access_token;
    const active = async () => (await post(`${suite.issuer}/oauth2/introspect`, { token: got }, own)).json()['active'];
    expect(await active()).toBe(true);
    await operator.call(TrustedIssuerServiceService.deleteTrustedIssuer, { trusted_issuer_id, etag: '' });
    await expect.poll(() => Promise.all([active(), active(), active(), active()]), { timeout: 1500 }).not.toContain(true);
    await expect.poll(async () => outcome(bring(await assertion({ iss: issuer }), {}, own)), { timeout: 1500 }).toBe('400 invalid_grant');
    expect((await operator.audit('action = "trusted_issuer.delete"')).length).toBe(1);
    await trust({ issuer });
    await expect.poll(async () => outcome(bring(await assertion({ iss: issuer }), {}, own)), { timeout: 1500 }).toBe('200 token');
    expect(await isActive(got)).toBe(false);
  });

  test('contract.md: operators describe issuers by authorityctl', async () => {
    const ctl = async (...args: string[]) => {
      const { code, stdout, stderr } = await authorityctl(suite, ['trusted-issuers', ...args]);
      expect(code, stderr).toBe(0);
      return stdout;
    };
    expect(await ctl('list', '-o', 'json')).toContain(iss);
    const issuer = 'https://ctl.example';
    const made = await ctl(
      'create',
      issuer,
      '--jwks-uri',
      'https://ctl.example/jwks',
      '--scope',
      'deploy',
      '--allowed-subject',
      'ci',
      '-o',
      'json',
    );
    const { trusted_issuer_id } = JSON.parse(made) as { trusted_issuer_id: string };
    expect(JSON.parse(made)).toMatchObject({ issuer, subjects: 'external', scope: 'deploy', allowed_subjects: ['ci'] });
    expect(await ctl('update', trusted_issuer_id, '--assertion-lifetime', '60', '-o', 'json')).toContain('60');
    await ctl('delete', trusted_issuer_id);
    expect(await ctl('list', '--issuer', issuer, '-o', 'json')).not.toContain(issuer);
  });
});
