import { setTimeout as sleep } from 'node:timers/promises';
import { answered, type CreatedClient, post, type RelyingParty, request } from '@authority/testing/suite';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorld, type World } from './front-channel/world.ts';

let world: World;
let client: CreatedClient;
let party: RelyingParty;
let reached: string;
beforeAll(async () => {
  world = await startWorld();
  client = await world.client();
  party = world.party(client);
  const metadata = (await request(`${world.suite.issuer}/.well-known/openid-configuration`)).json();
  [reached = ''] = metadata['acr_values_supported'] as string[]; // weakest first, by Discovery an array of strings
});
afterAll(() => world?.stop());

describe('RFC 9470: step-up authentication', () => {
  test('§5, §6: an access token says how and when its person signed in, in the JWT and in introspection', async () => {
    const since = Math.floor(Date.now() / 1000) - 1;
    const { access_token } = await party.tokens(world.ada(), { acr_values: reached, max_age: '60' });
    const introspected = (await post(`${world.suite.issuer}/oauth2/introspect`, { token: access_token }, client)).json();
    for (const said of [decodeJwt(access_token), introspected]) {
      expect(said['acr']).toBe(reached);
      expect(said['auth_time']).toBeGreaterThanOrEqual(since);
    }
  });

  test('§4: a client that brings the challenge’s max_age back gets a token of a newer sign-in', async () => {
    const person = world.ada();
    const first = decodeJwt((await party.tokens(person)).access_token);
    await sleep(2_100);
    expect((await answered(person, party.begin({ max_age: '1', prompt: 'none' }).url)).values).toMatchObject({ error: 'login_required' });
    const second = decodeJwt((await party.tokens(person, { max_age: '1' })).access_token);
    expect(Number(second['auth_time'])).toBeGreaterThan(Number(first['auth_time']));
  });

  test('§4: a context that is reached already asks nobody again', async () => {
    const person = world.ada();
    await party.code(person);
    const { values } = await answered(person, party.begin({ acr_values: `urn:example:gold ${reached}`, prompt: 'none' }).url);
    expect(values).toHaveProperty('code');
  });

  test('OpenID Connect Unmet Authentication Requirements: an essential context that cannot be reached', async () => {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ['urn:example:gold'] } } });
    for (const response_type of ['code', 'id_token token']) {
      const { mode, values } = await answered(world.ada(), party.begin({ claims, response_type }).url);
      expect(values).toMatchObject({ error: 'unmet_authentication_requirements' });
      expect(mode).toBe(response_type === 'code' ? 'query' : 'fragment');
    }
  });

  test('OpenID Connect Core §5.5.1.1: an essential context that is reached is the one that the ID Token says', async () => {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ['urn:example:gold', reached] } } });
    const tokens = await party.tokens(world.ada(), { claims });
    expect(await world.verify(tokens.id_token, client)).toMatchObject({ acr: reached });
  });
});
