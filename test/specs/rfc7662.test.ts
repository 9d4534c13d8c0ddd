import {
  type CreatedClient,
  Operator,
  Person,
  post,
  RelyingParty,
  request,
  startOneProcess,
  type Suite,
  type Tokens,
} from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const api = 'https://api.example';
const redirect_uris = ['http://127.0.0.1:9/callback'];
let suite: Suite;
let operator: Operator;
let party: RelyingParty;
let tokens: Tokens;
let resourceServer: CreatedClient;
let stranger: CreatedClient;
let native: CreatedClient;

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  resourceServer = await operator.createClient({ grant_types: ['client_credentials'], resource_identifier: api });
  stranger = await operator.createClient({ grant_types: ['client_credentials'] });
  native = await operator.createClient({ redirect_uris, token_endpoint_auth_method: 'none' });
  const web = {
    redirect_uris,
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid offline_access',
    default_resource: api,
  };
  party = new RelyingParty(suite.issuer, await operator.createClient(web), 'openid offline_access');
  const person = new Person(suite.issuer, 'introspect@example.com', 'violet tractor hums 42 lullabies');
  await person.register();
  tokens = await party.tokens(person);
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

const ask = async (token: string, by: { client_id: string; client_secret?: string }) => {
  const answer = await post(`${suite.issuer}/oauth2/introspect`, { token }, by);
  return { status: answer.status, headers: answer.headers, body: answer.json() };
};

test('RFC 7662 §2.2: an active token is shown with what it says, and kept by no cache', async () => {
  const { status, headers, body } = await ask(tokens.access_token, resourceServer);
  expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([200, 'application/json', 'no-store']);
  expect(body).toMatchObject({
    ...{ active: true, iss: suite.issuer, client_id: party.client.client_id, token_type: 'Bearer' },
    scope: 'openid offline_access',
    exp: expect.any(Number),
    jti: expect.any(String),
  });
});

test('RFC 7662 §4: to nobody but its client and its resource server', async () => {
  const shown = async (by: CreatedClient | RelyingParty['client'], token: string) => (await ask(token, by)).body;
  expect(await shown(party.client, tokens.access_token)).toMatchObject({ active: true });
  expect(await shown(stranger, tokens.access_token)).toEqual({ active: false });
  expect(await shown(party.client, tokens.refresh_token)).toMatchObject({ active: true });
  expect(await shown(resourceServer, tokens.refresh_token)).toEqual({ active: false });
  expect(await shown(stranger, tokens.refresh_token)).toEqual({ active: false });
});

describe('RFC 7662 §2.2: one answer for everything that is not active', () => {
  const [header = '', payload = ''] = ['{"alg":"none","typ":"at+jwt"}', '{"active":true}'].map((part) =>
    Buffer.from(part).toString('base64url'),
  );
  test.each([
    ['no token at all', () => 'x'],
    ['an ID Token', () => tokens.id_token],
    ['an unsigned one', () => `${header}.${payload}.`],
    ['one with another signature', () => `${tokens.access_token.slice(0, -8)}AAAAAAAA`],
    ['one with something behind it', () => `${tokens.access_token}A`],
    ['half an opaque one', () => 'aa1_AAAA'],
    ['a long one', () => 'a'.repeat(20_000)],
  ])('%s', async (_what, make) => {
    expect((await ask(make(), resourceServer)).body).toEqual({ active: false });
  });
});

test('RFC 7662 §2.1: callers authenticate; a public client has nothing to show', async () => {
  expect((await post(`${suite.issuer}/oauth2/introspect`, { token: tokens.access_token })).status).toBe(401);
  expect((await ask(tokens.access_token, native)).status).toBe(401);
  const wrong = await ask(tokens.access_token, { ...resourceServer, client_secret: 'wrong' });
  expect([wrong.status, wrong.body['error']]).toEqual([401, 'invalid_client']);
});

test('RFC 7662 §2.1: by POST, with a token', async () => {
  expect((await request(`${suite.issuer}/oauth2/introspect?token=x`)).status).toBe(405);
  expect((await post(`${suite.issuer}/oauth2/introspect`, {}, resourceServer)).json()['error']).toBe('invalid_request');
});
