import { setTimeout as sleep } from 'node:timers/promises';
import { answered, type CreatedClient, type Person, type RelyingParty, request, tokensOf } from '@authority/testing/suite';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { email, startWorld, type World } from './front-channel/world.ts';

let world: World;
let client: CreatedClient;
let party: RelyingParty;
/** Signed in, and has allowed the client. */
let ada: Person;
beforeAll(async () => {
  world = await startWorld();
  client = await world.client();
  party = world.party(client);
  ada = world.ada();
  await party.code(ada);
});
afterAll(() => world?.stop());

type More = Readonly<Record<string, string>>;
const answer = (more: More, person = ada) => answered(person, party.begin(more).url);
const flows: More[] = [{}, { response_type: 'id_token token' }, { response_type: 'code id_token', response_mode: 'form_post' }];

describe('OpenID Connect Core 1.0', () => {
  test('§3.1.2.6: prompt=none never shows a page, whatever the flow', async () => {
    const other = world.party(await world.client());
    for (const flow of flows) {
      const asked = { ...flow, prompt: 'none' };
      expect((await answer(asked, world.ada())).values).toMatchObject({ error: 'login_required' });
      expect((await answered(ada, other.begin(asked).url)).values).toMatchObject({ error: 'consent_required' });
      expect((await answer(asked)).values).not.toHaveProperty('error');
    }
  });

  test('§3.1.2.1: none stands alone in prompt', async () => {
    expect((await answer({ prompt: 'none login' })).values).toMatchObject({ error: 'invalid_request' });
  });

  test('§3.1.2.1: prompt=login and max_age=0 ask for the password of somebody who is signed in', async () => {
    for (const more of [{ prompt: 'login' }, { max_age: '0' }] satisfies More[]) {
      await sleep(1_000);
      const before = Math.floor(Date.now() / 1000);
      const person = world.ada();
      await party.code(person);
      const { url, page } = await person.visit(party.begin(more).url);
      expect({ path: url.pathname, status: page?.status }).toEqual({ path: '/login', status: 200 });
      const { values } = await answered(person, party.begin({ ...more, response_type: 'id_token' }).url);
      const { auth_time, ...claims } = await world.verify(values['id_token'], client);
      expect(claims.sub).toBe(world.sub);
      if ('max_age' in more) expect(auth_time).toBeGreaterThanOrEqual(before);
      expect((await answer({ ...more, prompt: more['prompt'] ?? 'none' }, person)).values).not.toHaveProperty('access_token');
    }
  });

  test('§2: auth_time is in the ID Token when max_age was asked', async () => {
    expect(decodeJwt((await party.tokens(ada, { max_age: '10000' })).id_token)).toHaveProperty('auth_time');
    expect(decodeJwt((await party.tokens(ada)).id_token)).not.toHaveProperty('auth_time');
  });

  test('§3.1.2.1: id_token_hint: whose it is, is answered; somebody else is login_required', async () => {
    const { id_token: id_token_hint } = await party.tokens(ada);
    for (const flow of flows) {
      expect((await answer({ ...flow, prompt: 'none', id_token_hint })).values).toHaveProperty('state');
      const mallory = world.mallory();
      await party.code(mallory);
      expect((await answer({ ...flow, prompt: 'none', id_token_hint }, mallory)).values).toMatchObject({ error: 'login_required' });
    }
    expect((await answer({ prompt: 'none', id_token_hint: 'a.b.c' })).values).toMatchObject({ error: 'invalid_request' });
  });

  test('§3.1.2.1: login_hint is in the field; display, ui_locales and what is unknown change nothing', async () => {
    const hints = { login_hint: email, display: 'popup', ui_locales: 'se fr-CA', claims_locales: 'se', something: 'else' };
    const { page } = await world.ada().visit(party.begin(hints).url);
    expect(page?.text).toContain(`value="${email}"`);
    expect((await answer(hints)).values).toHaveProperty('code');
  });

  test('§3.2.2.1, §3.3.2.11: an ID Token of the browser needs a nonce; a code does not', async () => {
    for (const response_type of ['id_token', 'id_token token', 'code id_token', 'code id_token token']) {
      const { mode, values } = await answer({ response_type, nonce: '' });
      expect({ mode, error: values['error'] }).toEqual({ mode: 'fragment', error: 'invalid_request' });
    }
    expect((await answer({ nonce: '' })).values).toHaveProperty('code');
    expect((await answer({ response_type: 'code token', nonce: '' })).values).toHaveProperty('access_token');
  });

  test('§3.1.2.1: without the scope openid there is no ID Token, and no response type that brings one', async () => {
    const plain = world.party(await world.client({ scope: 'openid orders' }), 'orders');
    expect((await plain.tokens(ada)).id_token).toBe('');
    const { values } = await answered(ada, plain.begin({ response_type: 'id_token' }).url);
    expect(values).toMatchObject({ error: 'invalid_request' });
  });

  test('§5.3.1: UserInfo takes the token of the browser by header and by form', async () => {
    const { access_token = '' } = (await answer({ response_type: 'id_token token' })).values;
    const url = `${world.suite.issuer}/oauth2/userinfo`;
    const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `access_token=${access_token}` };
    const answers = [await party.userInfo(access_token), await request(url, form)];
    for (const one of answers) expect(one.json()).toMatchObject({ sub: world.sub, email });
  });

  test('§11: offline_access gives a refresh token where a code is answered, and is passed over elsewhere', async () => {
    const scope = 'openid offline_access';
    const begun = party.begin({ response_type: 'code id_token', scope });
    const { code = '' } = (await answered(ada, begun.url)).values;
    expect(tokensOf(await party.redeem({ code, verifier: begun.verifier })).refresh_token).not.toBe('');
    expect((await answer({ response_type: 'token', scope })).values).toMatchObject({ scope: 'openid' });
  });

  test('§12.2: the ID Token of a refresh says who signed in and when, and has no nonce', async () => {
    const tokens = await party.tokens(ada, { scope: 'openid offline_access', max_age: '10000' });
    const [first, later] = [decodeJwt(tokens.id_token), decodeJwt(tokensOf(await party.refresh(tokens.refresh_token)).id_token)];
    for (const name of ['iss', 'sub', 'aud', 'auth_time']) expect(later[name]).toEqual(first[name]);
    expect(later).not.toHaveProperty('nonce');
  });

  test('§3.1.2.1: a POST is as good as a GET', async () => {
    const { url } = party.begin();
    const place = await ada.send(new URL(`${world.suite.issuer}/oauth2/authorize`), new URL(url).search.slice(1));
    expect(place.url.searchParams.get('code')).not.toBeNull();
  });
});
