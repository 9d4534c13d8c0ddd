import { answered, type CreatedClient, type Person, post, tokensOf } from '@authority/testing/suite';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { email, startWorld, type World } from './front-channel/world.ts';

let world: World;
let here: CreatedClient;
let beside: CreatedClient;
let elsewhere: CreatedClient;
let ada: Person;
beforeAll(async () => {
  world = await startWorld();
  const at = (uri: string) => world.client({ subject_type: 'pairwise', redirect_uris: [uri], access_token_format: 'jwt' });
  [here, beside, elsewhere] = await Promise.all([
    at('https://rp.example/a'),
    at('https://rp.example:8443/b'),
    at('https://other.example/'),
  ]);
  ada = world.ada();
});
afterAll(() => world?.stop());

const subjectAt = async (client: CreatedClient, person = ada): Promise<unknown> =>
  decodeJwt((await world.party(client).tokens(person)).id_token).sub;

describe('OpenID Connect Core 1.0 §8.1: pairwise subjects', () => {
  test('§8.1: one name in a sector, another elsewhere, none the local one, the same at the next sign-in', async () => {
    const [one, two, three] = [await subjectAt(here), await subjectAt(beside), await subjectAt(elsewhere)];
    expect(two).toBe(one);
    expect(new Set([one, three, world.sub]).size).toBe(3);
    expect(await subjectAt(here, world.ada())).toBe(one);
  });

  test('§8.1: ID Token, UserInfo, access token and introspection say the same, and nowhere the local one', async () => {
    const party = world.party(here, 'openid email offline_access');
    const tokens = await party.tokens(ada);
    const { sub } = await world.verify(tokens.id_token, here);
    const introspected = await post(`${world.suite.issuer}/oauth2/introspect`, { token: tokens.access_token }, here);
    const refresh = await post(`${world.suite.issuer}/oauth2/introspect`, { token: tokens.refresh_token }, here);
    expect((await party.userInfo(tokens.access_token)).json()).toMatchObject({ sub, email });
    for (const said of [decodeJwt(tokens.access_token), introspected.json(), refresh.json()]) {
      expect(said).toMatchObject({ sub });
      expect(JSON.stringify(said)).not.toContain(world.sub);
    }
    const later = tokensOf(await party.refresh(tokens.refresh_token));
    expect(await world.verify(later.id_token, here)).toMatchObject({ sub });
  });

  test('§8.1: the browser brings the same name', async () => {
    const begun = world.party(here).begin({ response_type: 'id_token token' });
    const { values } = await answered(ada, begun.url);
    expect((await world.verify(values['id_token'], here)).sub).toBe(await subjectAt(here));
  });

  test('§3.1.2.1: the ID Token is a hint for the person whom it names so', async () => {
    const { id_token: id_token_hint } = await world.party(here).tokens(ada);
    const asked = world.party(here).begin({ prompt: 'none', id_token_hint }).url;
    expect((await answered(ada, asked)).values).toHaveProperty('code');
    const mallory = world.mallory();
    await world.party(here).code(mallory);
    expect((await answered(mallory, asked)).values).toMatchObject({ error: 'login_required' });
  });

  test('RP-Initiated Logout §2: the ID Token ends its session without a question', async () => {
    const person = world.ada();
    const { id_token } = await world.party(here).tokens(person);
    const { page } = await person.visit(`${world.suite.issuer}/oauth2/logout?id_token_hint=${id_token}`);
    expect(page?.text).not.toContain('value="confirm"');
    expect((await answered(person, world.party(here).begin({ prompt: 'none' }).url)).values).toMatchObject({ error: 'login_required' });
  });

  test('house.md: the end of a session, and of the person, ends pairwise access tokens at once', async () => {
    const party = world.party(here, 'openid offline_access');
    const bound = (await world.party(here).tokens(world.ada())).access_token;
    const offline = (await party.tokens(world.ada())).access_token;
    for (const { sid } of await world.operator.sessionsOf(world.sub)) await world.operator.endSession(sid);
    expect([await party.isActive(bound), await party.isActive(offline)]).toEqual([false, true]);
    await world.operator.updateIdentity(world.sub, { disabled: true });
    expect(await party.isActive(offline)).toBe(false);
    expect((await party.userInfo(offline)).status).toBe(401);
  });
});
