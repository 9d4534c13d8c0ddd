import { Resource, ResourceServiceService } from '@authority/contracts/admin';
import { type CreatedClient, Operator, Person, post, RelyingParty, startOneProcess, type Suite, tokensOf } from '@authority/testing/suite';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const [orders, invoices, secret] = ['https://orders.example', 'https://invoices.example', 'https://secret.example'];
const redirect_uris = ['http://127.0.0.1:9/callback'];
let suite: Suite;
let operator: Operator;
let machine: CreatedClient;
let party: RelyingParty;
let person: Person;

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  await describeResource({ resource: orders, scopes: [{ name: 'orders.read', description: 'See your orders' }], allowed_clients: ['*'] });
  await describeResource({ resource: invoices, allowed_clients: ['*'] });
  await describeResource({ resource: secret });
  machine = await operator.createClient({ grant_types: ['client_credentials'], scope: 'orders.read invoices.read' });
  const web = {
    redirect_uris,
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid offline_access orders.read invoices.read',
  };
  party = new RelyingParty(suite.issuer, await operator.createClient(web), 'openid offline_access orders.read invoices.read');
  person = new Person(suite.issuer, 'resources@example.com', 'violet tractor hums 42 lullabies');
  await person.register();
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

const describeResource = (resource: Partial<Resource>) =>
  operator.call(ResourceServiceService.createResource, { resource: Resource.fromPartial(resource) });
const change = (resource: Partial<Resource>, ...update_mask: (keyof Resource)[]) =>
  operator.call(ResourceServiceService.updateResource, { resource: Resource.fromPartial(resource), update_mask });

const ask = (pairs: readonly (readonly [string, string])[]) =>
  post(`${suite.issuer}/oauth2/token`, [['grant_type', 'client_credentials'], ...pairs], machine);
const audOf = (token: string): unknown => decodeJwt(token).aud;

describe('RFC 8707 §2.2: client credentials', () => {
  test('the resource is the audience, and the scope what means something there', async () => {
    const { access_token, scope } = tokensOf(await ask([['resource', orders]]));
    expect([audOf(access_token), scope]).toEqual([orders, 'orders.read']);
    expect(tokensOf(await ask([['resource', invoices]])).scope).toBe('orders.read invoices.read');
  });

  test.each([
    ['unknown', 'https://nobody.example'],
    ['of others', secret],
    ['no URI', 'orders'],
    ['a URI with a fragment', `${orders}/#a`],
    ['the operators’ API', ''],
  ])('a resource that is %s is invalid_target', async (_what, resource) => {
    const answer = await ask([['resource', resource || `${suite.issuer}/admin`]]);
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_target']);
  });

  test('nobody learns which resources there are', async () => {
    const [unknown, foreign] = await Promise.all([ask([['resource', 'https://nobody.example']]), ask([['resource', secret]])]);
    expect(unknown.json()).toEqual(foreign.json());
  });

  test('§3: several resources are one token only where all of them are shared', async () => {
    const both = [['resource', orders] as const, ['resource', invoices] as const];
    expect((await ask(both)).json()['error']).toBe('invalid_target');
    await change({ resource: orders, shared: true }, 'shared');
    expect((await ask(both)).json()['error']).toBe('invalid_target');
    await change({ resource: invoices, shared: true }, 'shared');
    expect(audOf(tokensOf(await ask(both)).access_token)).toEqual([orders, invoices]);
    await change({ resource: orders, shared: false }, 'shared');
    await change({ resource: invoices, shared: false }, 'shared');
  });

  test('a scope that means nothing at the resource is invalid_scope', async () => {
    const answer = await ask([
      ['resource', orders],
      ['scope', 'invoices.read'],
    ]);
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_scope']);
  });
});

describe('RFC 8707 §2.2: codes and refresh tokens', () => {
  test('the resource of the authorization request is the audience, also of what is refreshed; no other can be had', async () => {
    const tokens = await party.tokens(person, { resource: orders });
    expect(audOf(tokens.access_token)).toBe(orders);
    expect(audOf(tokensOf(await party.refresh(tokens.refresh_token)).access_token)).toBe(orders);
    expect(audOf(tokensOf(await party.refresh(tokens.refresh_token, { resource: suite.issuer })).access_token)).toBe(suite.issuer);
    const wider = await party.refresh(tokens.refresh_token, { resource: invoices });
    expect([wider.status, wider.json()['error']]).toEqual([400, 'invalid_target']);
  });

  test('a code is for the resource that was consented to', async () => {
    const code = await party.code(person, { resource: orders });
    const wider = await party.redeem(code, { resource: invoices });
    expect([wider.status, wider.json()['error']]).toEqual([400, 'invalid_target']);
    expect(audOf(tokensOf(await party.redeem(code)).access_token)).toBe(orders);
  });

  test('§2.1: several are asked for at once, the page names each, and a token is for one of them', async () => {
    const places = ['https://one.example', 'https://two.example'];
    for (const resource of places) await describeResource({ resource, allowed_clients: ['*'] });
    const begun = party.begin();
    const url = `${begun.url}&${new URLSearchParams(places.map((one) => ['resource', one]))}`;
    const { page } = await person.visit(url);
    for (const one of places) expect(page?.text).toContain(one);
    const code = (await person.authorize(url)).searchParams.get('code') ?? '';
    const first = tokensOf(await party.redeem({ ...begun, code }, { resource: places[1] ?? '' }));
    expect(audOf(first.access_token)).toBe(places[1]);
    for (const resource of places) {
      expect(audOf(tokensOf(await party.refresh(first.refresh_token, { resource })).access_token)).toBe(resource);
    }
    expect((await party.refresh(first.refresh_token, { resource: orders })).json()).toMatchObject({ error: 'invalid_target' });
  });

  test('§2.1: one that is unknown spoils the request', async () => {
    const url = `${party.begin({ resource: orders }).url}&resource=https://nobody.example`;
    expect((await person.authorize(url)).searchParams.get('error')).toBe('invalid_target');
  });

  test('a resource that is deleted is asked for in vain', async () => {
    await describeResource({ resource: 'https://short.example', allowed_clients: ['*'] });
    expect((await ask([['resource', 'https://short.example']])).status).toBe(200);
    await operator.call(ResourceServiceService.deleteResource, { resource: 'https://short.example', etag: '' });
    expect((await ask([['resource', 'https://short.example']])).json()['error']).toBe('invalid_target');
  });
});
