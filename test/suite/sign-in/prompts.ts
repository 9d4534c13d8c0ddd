import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import type { World } from './world.ts';

const error = (url: URL): string | null => url.searchParams.get('error');

/** prompt, max_age and consent, each judged by where the browser is sent. */
export function promptTests(world: () => World): void {
  test('OpenID Connect Core §3.1.2.6: prompt=none is login_required, then consent_required, then a code; always with iss and state', async () => {
    const { web, suite } = world();
    const person = await world().newPerson();
    const party = world().party(web, 'openid email');
    const silent = async (): Promise<URL> => {
      const begun = party.begin({ prompt: 'none' });
      const { page, url } = await person.visit(begun.url);
      expect(page).toBeUndefined();
      expect({ iss: url.searchParams.get('iss'), state: url.searchParams.get('state') }).toEqual({ iss: suite.issuer, state: begun.state });
      return url;
    };
    expect(error(await silent())).toBe('login_required');
    await person.signIn();
    expect(error(await silent())).toBe('consent_required');
    await party.code(person);
    expect((await silent()).searchParams.get('code')).toBeTruthy();
  });

  test('OpenID Connect Core §3.1.2.4: consent is remembered, and asked again for a new scope', async () => {
    const { web } = world();
    const person = await world().newPerson();
    await world().party(web, 'openid email').code(person);
    const again = await person.visit(world().party(web, 'openid email').begin().url);
    expect(again.url.searchParams.get('code')).toBeTruthy();

    const more = await person.visit(world().party(web, 'openid email profile').begin().url);
    expect(more.url.pathname).toBe('/consent');
    expect(more.page?.text).toContain('You have allowed this before');
    const forced = await person.visit(world().party(web, 'openid email').begin({ prompt: 'consent' }).url);
    expect(forced.url.pathname).toBe('/consent');
  });

  test('RFC 8252 §8.6: a public client at a loopback redirect is asked for consent every time', async () => {
    const { app } = world();
    const person = await world().newPerson();
    await world().party(app, 'openid').code(person);
    expect((await person.visit(world().party(app, 'openid').begin().url)).url.pathname).toBe('/consent');
  });

  test('RFC 6749 §4.1.2.1: Deny is access_denied, and is not remembered', async () => {
    const { web } = world();
    const person = await world().newPerson();
    const party = world().party(web, 'openid');
    const denied = await person.authorize(party.begin().url, 'deny');
    expect(error(denied)).toBe('access_denied');
    expect(denied.searchParams.get('code')).toBeNull();
    expect((await person.visit(party.begin().url)).url.pathname).toBe('/consent');
  });

  test('OpenID Connect Core §3.1.2.1: prompt=login asks again, and auth_time is that of the new sign-in', async () => {
    const { web } = world();
    const person = await world().newPerson();
    const party = world().party(web, 'openid');
    const first = decodeJwt((await party.tokens(person, { max_age: '1000' })).id_token);
    await sleep(1_100);
    expect((await person.visit(party.begin({ prompt: 'login' }).url)).url.pathname).toBe('/login');
    const second = decodeJwt((await party.tokens(person, { prompt: 'login', max_age: '1000' })).id_token);
    expect(Number(second['auth_time'])).toBeGreaterThan(Number(first['auth_time']));
    expect(second['sid']).toBe(first['sid']); // the same person in the same browser keeps the session
  });

  test('OpenID Connect Core §3.1.2.1: max_age asks again for a sign-in that is older, 0 always', async () => {
    const { web } = world();
    const person = await world().newPerson();
    const party = world().party(web, 'openid');
    await party.code(person);
    expect((await person.visit(party.begin({ max_age: '600' }).url)).url.searchParams.get('code')).toBeTruthy();
    expect((await person.visit(party.begin({ max_age: '0' }).url)).url.pathname).toBe('/login');
    await sleep(1_100);
    expect((await person.visit(party.begin({ max_age: '1' }).url)).url.pathname).toBe('/login');
    const silent = await person.visit(party.begin({ max_age: '1', prompt: 'none' }).url);
    expect(error(silent.url)).toBe('login_required');
  });

  test('OpenID Connect Core §3.1.2.1: id_token_hint of another person is login_required, login_hint fills in the field', async () => {
    const { web } = world();
    const [one, other] = [await world().newPerson(), await world().newPerson()];
    const party = world().party(web, 'openid');
    const { id_token } = await party.tokens(other);
    await party.code(one);
    const hinted = await one.visit(party.begin({ prompt: 'none', id_token_hint: id_token }).url);
    expect(error(hinted.url)).toBe('login_required');
    const stranger = await world().newPerson();
    const { page } = await stranger.visit(party.begin({ login_hint: 'someone@example.com' }).url);
    expect(page?.text).toContain('value="someone@example.com"');
  });
}
