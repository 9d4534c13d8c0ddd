import { createServer, type Server } from 'node:http';
import { Resource, ResourceServiceService } from '@authority/contracts/admin';
import { createGuard, type Guard, type Needs } from '@authority/resource-server';
import {
  type CreatedClient,
  DpopKey,
  freePorts,
  hash,
  Operator,
  post,
  request,
  startOneProcess,
  type Suite,
  tokensOf,
} from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let suite: Suite;
let operator: Operator;
let guard: Guard;
let api: Server;
let origin: string;
let machine: CreatedClient;
let resource: string;

/** An API as README shows it: what each path needs, and nothing else. */
const needs: Readonly<Record<string, Needs>> = {
  '/orders': { scope: 'orders.read' },
  '/orders/new': { scope: 'orders.write' },
  '/orders/all': { acr_values: ['urn:example:mfa'], max_age: 60 },
};

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  const [port = 0] = await freePorts(1);
  origin = `http://localhost:${port}`;
  resource = `${origin}/orders`;
  await operator.call(ResourceServiceService.createResource, {
    resource: Resource.fromPartial({ resource, allowed_clients: ['*'], scopes: [{ name: 'orders.read', description: '' }] }),
  });
  machine = await operator.createClient({ grant_types: ['client_credentials'], scope: 'orders.read' });
  const client = await operator.createClient({ grant_types: ['client_credentials'], resource_identifier: resource });
  guard = createGuard({
    issuer: suite.issuer,
    audience: resource,
    client: { client_id: client.client_id, client_secret: client.client_secret ?? '' },
    scopesSupported: ['orders.read', 'orders.write'],
  });
  api = createServer(async (incoming, response) => {
    const token = await guard.protect(incoming, response, needs[incoming.url ?? '']);
    if (token) response.end(JSON.stringify({ of: token.client_id }));
  });
  await new Promise<void>((resolve) => api.listen(port, '127.0.0.1', resolve));
});
afterAll(async () => {
  guard?.close();
  api?.close();
  operator?.close();
  await suite?.stop();
});

const call = (token: string | undefined, path = '/orders', headers: Readonly<Record<string, string>> = {}) =>
  request(origin + path, { headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers } });
const mint = async (more: Readonly<Record<string, string>> = {}): Promise<string> =>
  tokensOf(await post(`${suite.issuer}/oauth2/token`, { grant_type: 'client_credentials', resource, ...more }, machine)).access_token;
const challengeOf = (answer: { headers: Headers }): string => answer.headers.get('www-authenticate') ?? '';

test('RFC 9728 §5: a client finds its way from the refusal to a token', async () => {
  const refused = await call(undefined);
  expect(refused.status).toBe(401);
  const [, address = ''] = /resource_metadata="([^"]+)"/.exec(challengeOf(refused)) ?? [];
  const metadata = (await request(address)).json();
  expect(metadata).toMatchObject({ resource, authorization_servers: [suite.issuer], scopes_supported: ['orders.read', 'orders.write'] });
  const [issuer] = metadata['authorization_servers'] as string[];
  const server = (await request(`${issuer}/.well-known/oauth-authorization-server`)).json();
  const form = { grant_type: 'client_credentials', resource: String(metadata['resource']), scope: 'orders.read' };
  const { access_token } = tokensOf(await post(String(server['token_endpoint']), form, machine));
  const answer = await call(access_token);
  expect([answer.status, answer.json()]).toEqual([200, { of: machine.client_id }]);
});

test('RFC 9728 §3.1: the metadata is where the identifier’s path says, for everybody, pages included', async () => {
  const answer = await request(`${origin}/.well-known/oauth-protected-resource/orders`);
  expect([answer.status, answer.headers.get('content-type'), answer.headers.get('access-control-allow-origin')]).toEqual([
    ...[200, 'application/json', '*'],
  ]);
  expect((await request(`${origin}/.well-known/oauth-protected-resource`)).status).toBe(401);
});

describe('RFC 6750 §3.1, RFC 9470 §3: refusals by the words of the specifications', () => {
  test('a token for another API is invalid_token', async () => {
    const other = tokensOf(await post(`${suite.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, machine)).access_token;
    const answer = await call(other);
    expect([answer.status, challengeOf(answer)]).toEqual([401, expect.stringContaining('error="invalid_token"')]);
  });

  test('a scope that is missing is insufficient_scope', async () => {
    const answer = await call(await mint(), '/orders/new');
    expect([answer.status, challengeOf(answer)]).toEqual([403, expect.stringMatching(/error="insufficient_scope".*scope="orders.write"/)]);
  });

  test('a sign-in that is too weak asks for a stronger one', async () => {
    const answer = await call(await mint(), '/orders/all');
    expect(answer.status).toBe(401);
    expect(challengeOf(answer)).toMatch(/error="insufficient_user_authentication".*acr_values="urn:example:mfa".*max_age="60"/);
  });
});

test('RFC 9449 §7: a token that is bound to a key needs its proof, at this address', async () => {
  const key = new DpopKey();
  const tokenUrl = `${suite.issuer}/oauth2/token`;
  const form = new URLSearchParams({ grant_type: 'client_credentials', resource }).toString();
  const authorization = `Basic ${Buffer.from(`${machine.client_id}:${machine.client_secret}`).toString('base64')}`;
  const send = (dpop: string) =>
    request(tokenUrl, {
      method: 'POST',
      body: form,
      headers: { authorization, dpop, 'content-type': 'application/x-www-form-urlencoded' },
    });
  const first = await send(key.proof('POST', tokenUrl));
  const nonce = first.headers.get('dpop-nonce');
  const answer = first.status === 200 || nonce === null ? first : await send(key.proof('POST', tokenUrl, { claims: { nonce } }));
  const { access_token } = tokensOf(answer);
  expect((await call(access_token)).status).toBe(401);
  const shown = await request(resource, {
    headers: { authorization: `DPoP ${access_token}`, dpop: key.proof('GET', resource, { claims: { ath: hash(access_token) } }) },
  });
  expect([shown.status, challengeOf(shown)]).toEqual([200, '']);
  const thief = new DpopKey();
  const stolen = await request(resource, {
    headers: { authorization: `DPoP ${access_token}`, dpop: thief.proof('GET', resource, { claims: { ath: hash(access_token) } }) },
  });
  expect([stolen.status, challengeOf(stolen)]).toEqual([401, expect.stringContaining('error="invalid_dpop_proof"')]);
});

test('RFC 7662: once the resource has its tokens opaque, the same API takes those', async () => {
  const changed = Resource.fromPartial({ resource, access_token_format: 'opaque' });
  await operator.call(ResourceServiceService.updateResource, { resource: changed, update_mask: ['access_token_format'] });
  const token = await mint();
  expect(token).toMatch(/^aa1_/);
  expect((await call(token)).status).toBe(200);
  await post(`${suite.issuer}/oauth2/revoke`, { token }, machine);
  await expect.poll(async () => (await call(token)).status, { timeout: 2000 }).toBe(401);
});
