import { type Answer, dumpPostgres, foundIn, Operator, post, request, startFiveProcesses, type Suite } from '@authority/testing/suite';
import { type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';

let suite: Suite;
let operator: Operator;
let client: { client_id: string; client_secret?: string };
beforeAll(async () => {
  suite = await startFiveProcesses({ redis: true, tokenReplicas: 2 });
  operator = new Operator(suite);
  client = await operator.createClient({ grant_types: ['client_credentials'], token_endpoint_auth_method: 'client_secret_jwt' });
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

function assertion(by: { client_id: string; client_secret?: string }, changes: JWTPayload = {}, alg = 'HS256'): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const { client_id: sub, client_secret = '' } = by;
  const claims = { iss: sub, sub, aud: suite.issuer, jti: crypto.randomUUID(), iat: now, exp: now + 60, ...changes };
  return new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(client_secret));
}

async function outcome(client_assertion: string): Promise<string> {
  const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  const form = { grant_type: 'client_credentials', client_assertion_type, client_assertion };
  const { status, json }: Answer = await post(`${suite.issuer}/oauth2/token`, form);
  return `${status} ${json()['error'] ?? 'token'}`;
}

test('OpenID Connect Core §9: the secret signs assertions, at every replica', async () => {
  const metadata = (await request(`${suite.issuer}/.well-known/openid-configuration`)).json();
  expect(metadata['token_endpoint_auth_methods_supported']).toContain('client_secret_jwt');
  expect(metadata['token_endpoint_auth_signing_alg_values_supported']).toEqual(expect.arrayContaining(['HS256', 'HS384', 'HS512']));
  for (const alg of ['HS256', 'HS384', 'HS512', 'HS256']) {
    await expect.poll(async () => outcome(await assertion(client, {}, alg)), { timeout: 5_000 }).toBe('200 token');
  }
});

test('RFC 7523 §3: of one assertion at two replicas 40 times at once, one is a token', async () => {
  const once = await assertion(client);
  const outcomes = await Promise.all(Array.from({ length: 40 }, () => outcome(once)));
  expect(outcomes.filter((one) => one === '200 token')).toHaveLength(1);
  expect(new Set(outcomes)).toEqual(new Set(['200 token', '401 invalid_client']));
});

test('RFC 7523 §3, RFC 10070: a wrong secret, audience, issuer or time is invalid_client', async () => {
  const now = Math.floor(Date.now() / 1000);
  const wrong = [
    await assertion({ ...client, client_secret: 'x'.repeat(86) }),
    await assertion({ ...client, client_secret: client.client_id }),
    await assertion(client, { aud: `${suite.issuer}/oauth2/token` }),
    await assertion(client, { aud: [suite.issuer, 'https://other.example'] }),
    await assertion(client, { iss: 'c_other' }),
    await assertion(client, { iat: now - 600, exp: now - 300 }),
  ];
  for (const one of wrong) expect(await outcome(one)).toBe('401 invalid_client');
});

test('OpenID Connect Core §9: the secret by itself does not authenticate such a client', async () => {
  const answer = await post(`${suite.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, client);
  expect(answer.status).toBe(401);
});

test('RFC 7592 §2.2: who changes to this method gets a new secret, and the old one signs nothing', async () => {
  const { value } = await operator.createRegistrationToken({ scope: 'orders.read' });
  const send = (url: string, method: string, token: string, body: object) =>
    request(url, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const metadata = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] };
  const first = (await send(`${suite.issuer}/oauth2/register`, 'POST', value, metadata)).json();
  const { client_id, client_secret, registration_client_uri, registration_access_token } = first as Record<string, string>;
  const changed = { ...metadata, client_id, token_endpoint_auth_method: 'client_secret_jwt' };
  const second = (await send(registration_client_uri ?? '', 'PUT', registration_access_token ?? '', changed)).json();
  const now = { client_id: client_id ?? '', client_secret: String(second['client_secret']) };
  expect(now.client_secret).not.toBe(client_secret);
  await expect.poll(async () => outcome(await assertion(now)), { timeout: 5_000 }).toBe('200 token');
  expect(await outcome(await assertion({ ...now, client_secret: client_secret ?? '' }))).toBe('401 invalid_client');
});

test('style.md 20: a dump of the store holds no such secret', async () => {
  const { client_secret = '' } = client;
  const bytes = Buffer.from(client_secret);
  const secrets = { text: client_secret, base64: bytes.toString('base64'), hex: bytes.toString('hex') };
  expect(foundIn(await dumpPostgres(suite.databaseUrl), secrets)).toEqual([]);
});
