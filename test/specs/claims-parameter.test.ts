import { answered, type CreatedClient, type RelyingParty, tokensOf } from '@authority/testing/suite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { email, startWorld, type World } from './front-channel/world.ts';

let world: World;
let client: CreatedClient;
let party: RelyingParty;
beforeAll(async () => {
  world = await startWorld();
  client = await world.client();
  party = world.party(client, 'openid');
});
afterAll(() => world?.stop());

const asking = (claims: object): Record<string, string> => ({ claims: JSON.stringify(claims) });

describe('OpenID Connect Core 1.0 §5.5: claims', () => {
  test('§5.5: UserInfo answers what was asked for by name, and goes on to after a refresh', async () => {
    const asked = asking({ userinfo: { name: { essential: true }, 'http://example.info/groups': null } });
    const tokens = await party.tokens(world.ada(), { scope: 'openid offline_access', ...asked });
    const later = tokensOf(await party.refresh(tokens.refresh_token));
    for (const { access_token } of [tokens, later]) {
      expect((await party.userInfo(access_token)).json()).toEqual({ sub: world.sub, name: 'Ada Lovelace' });
    }
  });

  test('§5.5: the ID Token brings what was asked for by name, UserInfo does not', async () => {
    const tokens = await party.tokens(world.ada(), asking({ id_token: { email: null, auth_time: { essential: true } } }));
    expect(await world.verify(tokens.id_token, client)).toMatchObject({ email, auth_time: expect.any(Number) });
    expect((await party.userInfo(tokens.access_token)).json()).toEqual({ sub: world.sub });
  });

  test('§5.4, §5.5: so does the ID Token of the implicit flow', async () => {
    const named = party.begin({ response_type: 'id_token token', ...asking({ id_token: { email: null } }) });
    const { values } = await answered(world.ada(), named.url);
    expect(await world.verify(values['id_token'], client)).toMatchObject({ email });
    const alone = await answered(world.ada(), party.begin({ response_type: 'id_token', scope: 'openid profile' }).url);
    expect(await world.verify(alone.values['id_token'], client)).toMatchObject({ name: 'Ada Lovelace' });
  });

  test('RFC 9700 §2.3: a client gets no claim whose scope it may not ask for', async () => {
    const narrow = await world.client({ scope: 'openid' });
    const asked = asking({ userinfo: { email: { essential: true } }, id_token: { name: null } });
    const tokens = await world.party(narrow, 'openid').tokens(world.ada(), asked);
    expect(await world.verify(tokens.id_token, narrow)).not.toHaveProperty('name');
    expect((await party.userInfo(tokens.access_token)).json()).toEqual({ sub: world.sub });
  });

  test('§3.1.2.4: the person is shown the scope that stands for a claim', async () => {
    const other = await world.client();
    const person = world.ada();
    await person.signIn();
    const { page } = await person.visit(world.party(other, 'openid').begin(asking({ userinfo: { email: null } })).url);
    expect(page?.text).toContain('email address');
  });

  test('§3.1.2.2: a sub that is not the person’s is login_required with prompt=none', async () => {
    const person = world.ada();
    await party.code(person);
    const asked = (value: string) => party.begin({ prompt: 'none', ...asking({ id_token: { sub: { value } } }) }).url;
    expect((await answered(person, asked(world.sub))).values).toHaveProperty('code');
    expect((await answered(person, asked('somebody'))).values).toMatchObject({ error: 'login_required' });
  });

  test('§5.5.1.1: an essential acr that this server never reaches is an error, a voluntary one is not', async () => {
    const acr = (essential: boolean) => asking({ id_token: { acr: { essential, values: ['urn:example:gold'] } } });
    const refused = await answered(world.ada(), party.begin(acr(true)).url);
    expect(refused.values).toMatchObject({ error: 'unmet_authentication_requirements' });
    expect((await answered(world.ada(), party.begin(acr(false)).url)).values).toHaveProperty('code');
  });

  test('§5.5: claims_locales changes nothing', async () => {
    expect((await answered(world.ada(), party.begin({ claims_locales: 'de fr' }).url)).values).toHaveProperty('code');
  });

  test('style.md 13: whatever is sent as claims is answered, never 500', async () => {
    const person = world.ada();
    await party.code(person);
    const name = fc.constantFrom('userinfo', 'id_token', 'acr', 'sub', 'essential', 'values', '__proto__');
    const json = fc.dictionary(name, fc.dictionary(name, fc.jsonValue({ maxDepth: 2 })));
    const anything = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      json.map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (claims) => {
        const { url, page } = await person.visit(party.begin({ claims, prompt: 'none' }).url);
        expect(page === undefined || page.status < 500, `${url.href}: ${page?.text}`).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
