import { type CreatedClient, metric, Operator, Person, RelyingParty, request, startOneProcess, type Suite } from '@authority/testing/suite';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Listener, startListener } from './logout/listener.ts';

const password = 'violet tractor hums 42 lullabies';
const redirect_uri = 'http://127.0.0.1:9/callback';

let suite: Suite;
let operator: Operator;
let listener: Listener;
let one: CreatedClient;
let two: CreatedClient;
let deaf: CreatedClient;
beforeAll(async () => {
  listener = await startListener();
  suite = await startOneProcess({ env: { AUTHORITY_OUTBOUND_ALLOW: new URL(listener.origin).host } });
  operator = new Operator(suite);
  const common = { redirect_uris: [redirect_uri], grant_types: ['authorization_code', 'refresh_token'], scope: 'openid offline_access' };
  one = await operator.createClient({
    ...common,
    backchannel_logout_uri: `${listener.origin}/one`,
    backchannel_logout_session_required: true,
  });
  two = await operator.createClient({ ...common, backchannel_logout_uri: `${listener.origin}/two`, id_token_signed_response_alg: 'ES256' });
  deaf = await operator.createClient(common);
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
  await listener?.close();
});
beforeEach(() => {
  listener.heard.length = 0;
  listener.status = 200;
});

let people = 0;
async function newPerson(): Promise<Person & { sub: string }> {
  const email = `person-${++people}@example.com`;
  const { sub } = await operator.createIdentity({ email, password });
  return Object.assign(new Person(suite.issuer, email, password), { sub });
}
const party = (client: CreatedClient, scope = 'openid') => new RelyingParty(suite.issuer, client, scope);
const signOut = async (person: Person) => person.submit(await person.visit(`${suite.issuer}/oauth2/logout`), {});
const tokenOf = (form: URLSearchParams | undefined): string => form?.get('logout_token') ?? '';

describe('OpenID Connect Back-Channel Logout 1.0', () => {
  test('§2.1: the metadata says that it is there, with sessions', async () => {
    const metadata = (await request(`${suite.issuer}/.well-known/openid-configuration`)).json();
    expect(metadata).toMatchObject({ backchannel_logout_supported: true, backchannel_logout_session_supported: true });
  });

  test('§2.4, §2.5: every client of the session is told by a POST of a Logout Token, and no other client', async () => {
    const person = await newPerson();
    const id_token = (await party(one).tokens(person)).id_token;
    await party(two, 'openid offline_access').tokens(person);
    await party(deaf).tokens(person);
    await signOut(person);
    const [[first], [second]] = [await listener.until('/one'), await listener.until('/two')];
    expect(first).toMatchObject({ method: 'POST', type: 'application/x-www-form-urlencoded' });
    expect([...(first?.form.keys() ?? [])]).toEqual(['logout_token']);

    const jwks = createRemoteJWKSet(new URL(`${suite.issuer}/.well-known/jwks.json`));
    const verified = await jwtVerify(tokenOf(first?.form), jwks, { issuer: suite.issuer, audience: one.client_id, typ: 'logout+jwt' });
    expect(verified.payload).toMatchObject({
      sub: person.sub,
      sid: decodeJwt(id_token)['sid'],
      iat: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.any(String),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
    expect(verified.payload).not.toHaveProperty('nonce');
    expect(verified.protectedHeader.alg).toBe('RS256');
    expect(decodeProtectedHeader(tokenOf(second?.form)).alg).toBe('ES256');
    expect(decodeJwt(tokenOf(second?.form)).aud).toBe(two.client_id);
  });

  test('§2.3: another session of the same person is left alone', async () => {
    const [here, there] = [await newPerson(), new Person(suite.issuer, `person-${people}@example.com`, password)];
    await party(one).tokens(here);
    const other = await party(one).tokens(there);
    await signOut(here);
    const [told] = await listener.until('/one');
    expect(decodeJwt(tokenOf(told?.form))['sid']).not.toBe(decodeJwt(other.id_token)['sid']);
    expect(await party(one).isActive(other.access_token)).toBe(true);
    expect(listener.heard).toHaveLength(1);
  });

  test('§2.7: an operator who ends a session or a person ends it at the clients as well', async () => {
    const person = await newPerson();
    const { id_token } = await party(one).tokens(person);
    await operator.endSession(String(decodeJwt(id_token)['sid']));
    expect(await listener.until('/one')).toHaveLength(1);

    const again = await newPerson();
    await party(one).tokens(again);
    await party(two).tokens(again);
    await operator.updateIdentity(again.sub, { disabled: true });
    expect(await listener.until('/two')).toHaveLength(1);
    const told = (await listener.until('/one', 2)).map(({ form }) => decodeJwt(tokenOf(form)).sub);
    expect(told).toEqual([person.sub, again.sub]);
  });

  test('§2.5: a client that fails is asked again, with a token of its own; an answer is never followed elsewhere', async () => {
    listener.status = 302;
    const person = await newPerson();
    await party(one).tokens(person);
    await signOut(person);
    const [first] = await listener.until('/one');
    listener.status = 200;
    const [, second] = await listener.until('/one', 2);
    const [before, after] = [decodeJwt(tokenOf(first?.form)), decodeJwt(tokenOf(second?.form))];
    expect(after).toMatchObject({ sub: before.sub, sid: before['sid'] });
    expect(after.jti).not.toBe(before.jti);
    expect(listener.heard.map(({ path }) => path)).not.toContain('/elsewhere');
    const metrics = suite.metrics.get('standalone') ?? '';
    expect(await metric(metrics, 'authority_backchannel_logouts_total', { outcome: 'delivered' })).toBeGreaterThanOrEqual(1);
    expect(await metric(metrics, 'authority_backchannel_logouts_total', { outcome: 'postponed' })).toBeGreaterThanOrEqual(1);
  });

  test('§2.4, RFC 8725 §3.11: a Logout Token is no ID Token, access token or assertion here', async () => {
    const person = await newPerson();
    const tokens = await party(one).tokens(person);
    await signOut(person);
    const [told] = await listener.until('/one');
    const token = tokenOf(told?.form);
    expect((await party(one).userInfo(token)).status).toBe(401);
    expect(await party(one).isActive(token)).toBe(false);
    const asked = await person.visit(`${suite.issuer}/oauth2/logout?id_token_hint=${token}&post_logout_redirect_uri=${redirect_uri}`);
    expect(asked.page?.text).toContain('You are signed out');
    expect(await party(one).isActive(tokens.access_token)).toBe(false);
  });
});
