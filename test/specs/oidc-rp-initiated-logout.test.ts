import { type CreatedClient, Operator, Person, post, RelyingParty, request, startOneProcess, type Suite } from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';
const redirect_uri = 'http://127.0.0.1:9/callback';
const bye = 'https://app.example.com/bye?from=authority';

let suite: Suite;
let operator: Operator;
let app: CreatedClient;
let other: CreatedClient;
beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  const common = { redirect_uris: [redirect_uri], scope: 'openid' };
  app = await operator.createClient({ ...common, client_name: 'Shop', post_logout_redirect_uris: [bye] });
  other = await operator.createClient({ ...common, post_logout_redirect_uris: ['https://other.example.com/'] });
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

let people = 0;
async function signedIn(client = app) {
  const email = `person-${++people}@example.com`;
  await operator.createIdentity({ email, password });
  const person = new Person(suite.issuer, email, password);
  const party = new RelyingParty(suite.issuer, client, 'openid');
  const { id_token } = await party.tokens(person);
  const isIn = async (): Promise<boolean> =>
    !(await person.visit(party.begin({ prompt: 'none' }).url)).url.search.includes('login_required');
  return { person, id_token, isIn };
}
const logout = (parameters: Record<string, string>): string => `${suite.issuer}/oauth2/logout?${new URLSearchParams(parameters)}`;

describe('OpenID Connect RP-Initiated Logout 1.0', () => {
  test('§2.1: the metadata names the endpoint', async () => {
    const metadata = (await request(`${suite.issuer}/.well-known/openid-configuration`)).json();
    expect(metadata['end_session_endpoint']).toBe(`${suite.issuer}/oauth2/logout`);
  });

  test('§2, §3: with its ID Token a client signs the person out without a question; the query of its address is kept', async () => {
    const { person, id_token, isIn } = await signedIn();
    const { url } = await person.visit(logout({ id_token_hint: id_token, post_logout_redirect_uri: bye, state: 'a b&c' }));
    expect(url.href).toBe(`${bye}&state=a+b%26c`);
    expect(await isIn()).toBe(false);
  });

  test('§2: POST counts like GET, also from another site; what a browser sends twice is harmless', async () => {
    const { person, id_token, isIn } = await signedIn();
    const form = { id_token_hint: id_token, post_logout_redirect_uri: bye };
    const crossSite = await post(`${suite.issuer}/oauth2/logout`, form, undefined, {
      origin: 'https://app.example.com',
      'sec-fetch-site': 'cross-site',
    });
    expect([crossSite.status, crossSite.headers.getSetCookie()]).toEqual([303, []]);
    expect(await isIn()).toBe(true);
    for (let times = 0; times < 2; times += 1) {
      expect((await person.visit(crossSite.headers.get('location') ?? '')).url.href).toBe(bye);
    }
    expect(await isIn()).toBe(false);
  });

  test('§2: who asks without a hint is told who it is, and the person decides', async () => {
    const { person, isIn } = await signedIn();
    const asked = await person.visit(logout({ client_id: app.client_id, post_logout_redirect_uri: bye, state: 's' }));
    expect(asked.page?.text).toContain('Shop');
    expect(await isIn()).toBe(true);
    expect((await person.submit(asked, {})).url.href).toBe(`${bye}&state=s`);
    expect(await isIn()).toBe(false);
  });

  test('§2: logout_hint and ui_locales change nothing that they should not', async () => {
    const { person, id_token, isIn } = await signedIn();
    const place = await person.visit(
      logout({ id_token_hint: id_token, logout_hint: 'somebody@example.com', ui_locales: 'de fr', unknown: 'x' }),
    );
    expect(place.page?.text).toContain('You are signed out');
    expect(await isIn()).toBe(false);
  });

  test('§2: client_id and hint must mean the same client', async () => {
    const { person, id_token, isIn } = await signedIn();
    const { page, url } = await person.visit(
      logout({ id_token_hint: id_token, client_id: other.client_id, post_logout_redirect_uri: 'https://other.example.com/' }),
    );
    expect([page?.status, url.origin]).toEqual([400, new URL(suite.issuer).origin]);
    expect(await isIn()).toBe(true);
  });

  test.each([
    'https://evil.example/',
    'https://app.example.com/bye',
    `${bye}&x=1`,
    'https://app.example.com@evil.example/bye?from=authority',
    'https://other.example.com/',
    'javascript:alert(1)',
    '//evil.example',
    '\\\\evil.example',
  ])('§3: attack: the browser never goes to %s', async (post_logout_redirect_uri) => {
    const { person, id_token, isIn } = await signedIn();
    const { page, url } = await person.visit(logout({ id_token_hint: id_token, post_logout_redirect_uri, state: 's' }));
    expect([page?.status, url.origin]).toEqual([400, new URL(suite.issuer).origin]);
    expect(page?.text).not.toContain('http-equiv');
    expect(await isIn()).toBe(true);
  });

  test('§6: attack: a page that links here signs nobody out; neither does the hint of another person', async () => {
    const [victim, attacker] = [await signedIn(), await signedIn()];
    for (const sent of [{}, { id_token_hint: attacker.id_token }, { id_token_hint: `${victim.id_token}x` }]) {
      const { page } = await victim.person.visit(logout(sent));
      expect(page?.text).toContain('Sign out?');
    }
    expect(await victim.isIn()).toBe(true);
    const forged = await post(`${suite.issuer}/logout`, { csrf_token: 'x' }, undefined, {
      cookie: victim.person.cookies,
      origin: 'https://evil.example',
    });
    expect(forged.status).toBe(403);
    expect(await victim.isIn()).toBe(true);
  });

  test('RFC 8252 §7.1: an application on a device is reached by its own scheme', async () => {
    const native = await operator.createClient({
      ...{ redirect_uris: ['com.example.app:/cb'], application_type: 'native', token_endpoint_auth_method: 'none', scope: 'openid' },
      post_logout_redirect_uris: ['com.example.app:/bye'],
    });
    const { person } = await signedIn();
    const asked = await person.visit(logout({ client_id: native.client_id, post_logout_redirect_uri: 'com.example.app:/bye' }));
    const headers = { 'content-type': 'application/x-www-form-urlencoded', cookie: person.cookies };
    expect(asked.page?.text).toContain('Sign out?');
    const hidden = [...(asked.page?.text ?? '').matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]);
    const out = await request(`${suite.issuer}/logout`, {
      method: 'POST',
      headers,
      body: new URLSearchParams(hidden as [string, string][]),
    });
    expect(out.headers.get('location')).toBe('com.example.app:/bye');
  });
});
