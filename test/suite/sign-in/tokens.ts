import { bearer, post } from '@authority/testing/suite';
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { apiResource, type World } from './world.ts';

/** What clients and resource servers do with tokens. */
export function tokenTests(world: () => World): void {
  test('OpenID Connect Core §5.3: UserInfo answers GET, POST with the header and POST with the form, by scope', async () => {
    const { web, suite } = world();
    const person = await world().newPerson('Grace Example');
    const endpoint = `${suite.issuer}/oauth2/userinfo`;
    const { access_token } = await world().party(web, 'openid email profile').tokens(person);
    const full = { sub: person.sub, email: person.email, name: 'Grace Example' };
    expect((await bearer(endpoint, access_token)).json()).toMatchObject(full);
    expect((await bearer(endpoint, access_token, 'POST')).json()).toMatchObject(full);
    expect((await post(endpoint, { access_token })).json()).toMatchObject(full);

    const narrow = await world().party(web, 'openid').tokens(person);
    const about = (await bearer(endpoint, narrow.access_token)).json();
    expect(about).toEqual({ sub: person.sub });
    const none = await bearer(endpoint, 'not-a-token');
    expect(none.status).toBe(401);
    expect(none.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  test('RFC 9700 §2.2.2: the refresh token of a public client rotates, that of a confidential one stays', async () => {
    const { web, app } = world();
    const person = await world().newPerson();
    const rotating = world().party(app);
    const first = await rotating.tokens(person);
    const second = (await rotating.refresh(first.refresh_token)).json();
    expect(second['refresh_token']).not.toBe(first.refresh_token);
    const third = await rotating.refresh(String(second['refresh_token']));
    expect(third.status).toBe(200);
    expect(decodeJwt(String(second['id_token']))['sub']).toBe(person.sub);

    const steady = world().party(web);
    const kept = await steady.tokens(person);
    expect((await steady.refresh(kept.refresh_token)).json()['refresh_token']).toBe(kept.refresh_token);
    const narrowed = (await steady.refresh(kept.refresh_token, { scope: 'openid' })).json();
    expect(narrowed['scope']).toBe('openid');
    expect((await steady.refresh(kept.refresh_token, { scope: 'openid profile' })).json()['error']).toBe('invalid_scope');
  });

  test('OpenID Connect Core §11: without offline_access there is no refresh token', async () => {
    const { web } = world();
    const person = await world().newPerson();
    expect((await world().party(web, 'openid email').tokens(person)).refresh_token).toBe('');
  });

  test('RFC 7662 §2.1: a token is shown to its client and to the resource server it names, to nobody else', async () => {
    const { web, api, stranger, app, suite } = world();
    const person = await world().newPerson();
    const party = world().party(web);
    const { access_token, refresh_token } = await party.tokens(person, { resource: apiResource });
    expect(decodeJwt(access_token).aud).toBe(apiResource);
    expect(await party.isActive(access_token)).toBe(true);
    expect(await party.isActive(access_token, api)).toBe(true);
    expect((await post(`${suite.issuer}/oauth2/introspect`, { token: access_token }, stranger)).json()).toEqual({ active: false });
    expect(await party.isActive(refresh_token)).toBe(true);
    expect((await post(`${suite.issuer}/oauth2/introspect`, { token: refresh_token }, api)).json()).toEqual({ active: false });
    expect((await post(`${suite.issuer}/oauth2/introspect`, { token: access_token }, app)).status).toBe(401);
    // Another resource's token is not for UserInfo.
    expect((await party.userInfo(access_token)).status).toBe(401);
  });

  test('RFC 7009 §2.1: a revoked refresh token takes its access tokens along, a revoked access token only itself', async () => {
    const { web, stranger, suite } = world();
    const person = await world().newPerson();
    const party = world().party(web);
    const one = await party.tokens(person);
    const foreign = await post(`${suite.issuer}/oauth2/revoke`, { token: one.refresh_token }, stranger);
    expect([foreign.status, foreign.json()['error']]).toEqual([400, 'invalid_grant']);
    expect((await party.revoke(one.access_token)).status).toBe(200);
    expect(await party.isActive(one.access_token)).toBe(false);
    const next = (await party.refresh(one.refresh_token)).json();
    expect(await party.isActive(String(next['access_token']))).toBe(true);

    expect((await party.revoke(one.refresh_token)).status).toBe(200);
    expect(await party.isActive(String(next['access_token']))).toBe(false);
    expect((await party.userInfo(String(next['access_token']))).status).toBe(401);
    expect((await party.refresh(one.refresh_token)).json()['error']).toBe('invalid_grant');
    expect((await party.revoke('no-token-of-ours')).status).toBe(200); // RFC 7009 §2.2
  });
}
