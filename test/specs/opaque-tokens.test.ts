import { KeyServiceService, Resource, ResourceServiceService } from '@authority/contracts/admin';
import { type CreatedClient, Operator, Person, post, RelyingParty, startOneProcess, type Suite, tokensOf } from '@authority/testing/suite';
import { afterAll, beforeAll, expect, test } from 'vitest';

const api = 'https://api.example';
let suite: Suite;
let operator: Operator;
let machine: CreatedClient;
let server: CreatedClient;
let party: RelyingParty;
let person: Person;

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  const resource = Resource.fromPartial({ resource: api, access_token_format: 'opaque', allowed_clients: ['*'] });
  await operator.call(ResourceServiceService.createResource, { resource });
  server = await operator.createClient({ grant_types: ['client_credentials'], resource_identifier: api });
  machine = await operator.createClient({ grant_types: ['client_credentials'], scope: 'orders.read' });
  const web = { redirect_uris: ['http://127.0.0.1:9/callback'], scope: 'openid email', access_token_format: 'opaque' };
  party = new RelyingParty(suite.issuer, await operator.createClient(web), 'openid email');
  person = new Person(suite.issuer, 'opaque@example.com', 'violet tractor hums 42 lullabies');
  await person.register();
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

const mint = async (more: Readonly<Record<string, string>> = { resource: api }): Promise<string> =>
  tokensOf(await post(`${suite.issuer}/oauth2/token`, { grant_type: 'client_credentials', ...more }, machine)).access_token;
const introspect = async (token: string, by = server) => (await post(`${suite.issuer}/oauth2/introspect`, { token }, by)).json();

test('house.md, "Keys": a resource gets its tokens opaque; what they say is in the answer of introspection alone', async () => {
  const token = await mint();
  expect(token).toMatch(/^aa1_[\w-]+$/);
  const bytes = Buffer.from(token.slice(4), 'base64url').toString('latin1');
  for (const word of [machine.client_id, 'orders.read', api, 'client_id']) expect(bytes).not.toContain(word);
  const { client_id } = machine;
  expect(await introspect(token)).toMatchObject({
    active: true,
    iss: suite.issuer,
    aud: api,
    client_id,
    sub: client_id,
    scope: 'orders.read',
  });
  expect(token.length).toBeLessThan(700);
});

test('RFC 9068 §1: for everything else the same client has JWTs', async () => {
  expect((await mint({})).split('.')).toHaveLength(3);
});

test('house.md, "Keys": no two tokens are alike, and no changed one is any', async () => {
  const [one, other] = [await mint(), await mint()];
  expect(one).not.toBe(other);
  const bytes = Buffer.from(one.slice(4), 'base64url');
  for (const at of [0, 1, 12, 30, bytes.length - 1]) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(await introspect(`aa1_${changed.toString('base64url')}`)).toEqual({ active: false });
  }
});

test('RFC 7009 §2.1: it is revoked like any other', async () => {
  const token = await mint();
  expect((await post(`${suite.issuer}/oauth2/revoke`, { token }, server)).json()['error']).toBe('invalid_grant');
  expect((await post(`${suite.issuer}/oauth2/revoke`, { token }, machine)).status).toBe(200);
  expect(await introspect(token)).toEqual({ active: false });
});

test('OpenID Connect Core §5.3: a client whose tokens are opaque reads UserInfo with them, until they are revoked', async () => {
  const { access_token } = await party.tokens(person);
  expect(access_token).toMatch(/^aa1_/);
  expect((await party.userInfo(access_token)).json()).toMatchObject({ email: person.email });
  expect((await party.userInfo(await mint())).status).toBe(401);
  await party.revoke(access_token);
  expect((await party.userInfo(access_token)).status).toBe(401);
});

test('house.md, "Keys": a new key seals new tokens, those before stay good until their key is deleted', async () => {
  const before = await mint();
  const { key } = await operator.call(KeyServiceService.rotateKey, { use: 'access_token', alg: '' });
  expect(key).toMatchObject({ use: 'access_token', alg: 'A256GCM', state: 'next', public_jwk: '' });
  const next = Buffer.from(key?.key_id ?? '').toString('latin1');
  const isUnder = (token: string): boolean => Buffer.from(token.slice(4), 'base64url').toString('latin1').includes(next);
  await expect.poll(async () => isUnder(await mint()), { timeout: 15_000, interval: 250 }).toBe(true);
  expect(await introspect(before)).toMatchObject({ active: true });
  const { keys } = await operator.call(KeyServiceService.listKeys, { page_size: 0, page_token: '', filter: 'use = "access_token"' });
  const old = keys.find(({ state }) => state === 'previous');
  await operator.call(KeyServiceService.deleteKey, { key_id: old?.key_id ?? '' });
  await expect.poll(() => introspect(before), { timeout: 2000 }).toEqual({ active: false });
  expect(await introspect(await mint())).toMatchObject({ active: true });
});
