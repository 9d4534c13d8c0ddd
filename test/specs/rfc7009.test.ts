import { type CreatedClient, Operator, Person, post, RelyingParty, request, startOneProcess, type Suite } from '@authority/testing/suite';
import { afterAll, beforeAll, expect, test } from 'vitest';

const redirect_uris = ['http://127.0.0.1:9/callback'];
let suite: Suite;
let operator: Operator;
let party: RelyingParty;
let other: CreatedClient;
let person: Person;

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  const web = { redirect_uris, grant_types: ['authorization_code', 'refresh_token'], scope: 'openid offline_access' };
  party = new RelyingParty(suite.issuer, await operator.createClient(web), 'openid offline_access');
  other = await operator.createClient({ grant_types: ['client_credentials'] });
  person = new Person(suite.issuer, 'revoke@example.com', 'violet tractor hums 42 lullabies');
  await person.register();
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

test('RFC 7009 §2.1: an access token ends alone', async () => {
  const { access_token, refresh_token } = await party.tokens(person);
  expect((await party.revoke(access_token)).status).toBe(200);
  expect(await party.isActive(access_token)).toBe(false);
  expect((await party.userInfo(access_token)).status).toBe(401);
  expect((await party.refresh(refresh_token)).status).toBe(200);
});

test('RFC 7009 §2.1: a refresh token takes its access tokens along', async () => {
  const { access_token, refresh_token } = await party.tokens(person);
  expect((await party.revoke(refresh_token)).status).toBe(200);
  expect(await party.isActive(access_token)).toBe(false);
  const again = await party.refresh(refresh_token);
  expect([again.status, again.json()['error']]).toEqual([400, 'invalid_grant']);
});

test('RFC 7009 §2.2: what is unknown, or revoked already, is a success that says nothing', async () => {
  const { access_token } = await party.tokens(person);
  for (const token of [access_token, access_token, 'x', 'ar1_AAAA', 'aa1_AAAA', `${access_token}A`]) {
    const answer = await party.revoke(token);
    expect([answer.status, answer.text]).toEqual([200, '']);
  }
});

test('RFC 7009 §2.1: another client’s token is refused, and lives on', async () => {
  const { access_token, refresh_token } = await party.tokens(person);
  for (const token of [access_token, refresh_token]) {
    const answer = await post(`${suite.issuer}/oauth2/revoke`, { token }, other);
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_grant']);
  }
  expect(await party.isActive(access_token)).toBe(true);
  expect((await party.refresh(refresh_token)).status).toBe(200);
});

test('RFC 7009 §2.1: by POST alone, with a token', async () => {
  const url = `${suite.issuer}/oauth2/revoke`;
  const { access_token } = await party.tokens(person);
  for (const method of ['GET', 'PUT']) expect((await request(`${url}?token=${access_token}`, { method })).status).toBe(405);
  expect((await post(url, {}, party.client)).json()['error']).toBe('invalid_request');
  expect(await party.isActive(access_token)).toBe(true);
});

test('RFC 7009 §2.1, §5: callers authenticate as at the token endpoint', async () => {
  const { access_token } = await party.tokens(person);
  expect((await post(`${suite.issuer}/oauth2/revoke`, { token: access_token })).status).toBe(401);
  const wrong = await post(`${suite.issuer}/oauth2/revoke`, { token: access_token }, { ...party.client, client_secret: 'wrong' });
  expect([wrong.status, wrong.json()['error']]).toEqual([401, 'invalid_client']);
  expect(await party.isActive(access_token)).toBe(true);
});
