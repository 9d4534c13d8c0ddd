import { createHash } from 'node:crypto';
import { answered, type CreatedClient, type Person, type RelyingParty, request, tokensOf } from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorld, type World } from './front-channel/world.ts';

let world: World;
let client: CreatedClient;
let party: RelyingParty;
let ada: Person;
beforeAll(async () => {
  world = await startWorld();
  client = await world.client();
  party = world.party(client);
  ada = world.ada();
});
afterAll(() => world?.stop());

const half = (value: string | undefined): string =>
  createHash('sha256')
    .update(value ?? '')
    .digest()
    .subarray(0, 16)
    .toString('base64url');

const answer = (more: Readonly<Record<string, string>>) => answered(ada, party.begin(more).url);

describe('OAuth 2.0 Multiple Response Types 1.0', () => {
  const access = ['access_token', 'token_type', 'expires_in', 'scope'];
  test.each<[string, string[]]>([
    ['token', access],
    ['id_token', ['id_token']],
    ['id_token token', [...access, 'id_token']],
    ['code id_token', ['code', 'id_token']],
    ['code token', ['code', ...access]],
    ['token id_token code', ['code', ...access, 'id_token']],
  ])('§3, §5: %s brings what it names, in the fragment, signed and hashed', async (response_type, names) => {
    const begun = party.begin({ response_type });
    const { mode, uri, values } = await answered(ada, begun.url);
    expect({ mode, uri }).toEqual({ mode: 'fragment', uri: client.redirect_uri });
    expect(new Set(Object.keys(values))).toEqual(new Set([...names, 'state', 'iss']));
    expect(values).toMatchObject({ state: begun.state, iss: world.suite.issuer });
    if (values['id_token'] !== undefined) {
      const claims = await world.verify(values['id_token'], client);
      expect(claims).toMatchObject({ sub: world.sub, nonce: begun.nonce });
      expect(claims['at_hash']).toBe(names.includes('access_token') ? half(values['access_token']) : undefined);
      expect(claims['c_hash']).toBe(names.includes('code') ? half(values['code']) : undefined);
    }
    if (values['access_token'] !== undefined) {
      expect(values['token_type']).toBe('Bearer');
      expect((await party.userInfo(values['access_token'])).json()).toMatchObject({ sub: world.sub });
    }
    if (values['code'] !== undefined) {
      const tokens = tokensOf(await party.redeem({ code: values['code'], verifier: begun.verifier }));
      expect(await world.verify(tokens.id_token, client)).toMatchObject({ sub: world.sub, nonce: begun.nonce });
    }
  });

  test('§3, §5: a query is refused for whatever brings a token, and the error is in the fragment', async () => {
    for (const response_type of ['token', 'id_token', 'code id_token', 'code token']) {
      const { mode, values } = await answer({ response_type, response_mode: 'query' });
      expect({ mode, error: values['error'] }).toEqual({ mode: 'fragment', error: 'invalid_request' });
    }
  });

  test('§2.1: a code goes into the fragment when its client asks for that, and has made it worthless to others by PKCE', async () => {
    const begun = party.begin({ response_mode: 'fragment' });
    const { mode, values } = await answered(ada, begun.url);
    expect({ mode, names: Object.keys(values).toSorted() }).toEqual({ mode: 'fragment', names: ['code', 'iss', 'state'] });
    expect((await party.redeem({ code: values['code'] ?? '', verifier: begun.verifier })).status).toBe(200);
    const lax = await world.client({ pkce_optional: true });
    const bare = world.party(lax).begin({ response_mode: 'fragment', code_challenge: '', code_challenge_method: '' });
    expect(await answered(ada, bare.url)).toMatchObject({ mode: 'query', values: { error: 'invalid_request' } });
  });

  test('§4: `none` answers that the person has agreed, and nothing else; only to clients that the operator allowed it', async () => {
    const asks = await world.client({ grant_types: ['authorization_code'], response_types: ['code', 'none'], consent_skipped: false });
    const of = world.party(asks);
    const more = { response_type: 'none', code_challenge: '', code_challenge_method: '', scope: 'openid email' };
    const none = of.begin(more);
    expect(await answered(ada, none.url)).toEqual({
      ...{ mode: 'query', uri: asks.redirect_uri, values: { state: none.state, iss: world.suite.issuer } },
    });
    const again = of.begin({ ...more, prompt: 'none', response_mode: 'fragment' });
    expect(await answered(ada, again.url)).toMatchObject({ mode: 'fragment', values: { state: again.state } });
    const silent = of.begin({ ...more, prompt: 'none' });
    const nobody = await answered(world.ada(), silent.url);
    expect(nobody).toMatchObject({ mode: 'query', values: { error: 'login_required', state: silent.state } });

    const plain = await world.client({ grant_types: ['authorization_code'], response_types: ['code'] });
    expect(await answered(ada, world.party(plain).begin(more).url)).toMatchObject({ values: { error: 'unauthorized_client' } });
    const { value } = await world.operator.createRegistrationToken({ allow_implicit: true, allow_hybrid: true });
    const registered = await request(`${world.suite.issuer}/oauth2/register`, {
      method: 'POST',
      headers: { authorization: `Bearer ${value}`, 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: ['https://rp.example/cb'], response_types: ['code', 'none'] }),
    });
    expect(registered.json()['error']).toBe('invalid_client_metadata');
  });

  test('RFC 9700 §2.1.2: a client that is not allowed them gets none of them', async () => {
    const plain = await world.client({ grant_types: ['authorization_code'], response_types: ['code'] });
    for (const response_type of ['token', 'id_token token', 'code id_token']) {
      const { mode, values } = await answered(ada, world.party(plain).begin({ response_type }).url);
      expect({ mode, error: values['error'] }).toEqual({ mode: 'fragment', error: 'unauthorized_client' });
    }
  });

  test('RFC 9700 §2.1.1: a code of a hybrid answer needs PKCE as any other', async () => {
    const { values } = await answer({ response_type: 'code id_token', code_challenge: '', code_challenge_method: '' });
    expect(values).toMatchObject({ error: 'invalid_request' });
  });

  test('RFC 9700 §4.5: when a code is replayed, the access token that came beside it ends', async () => {
    const begun = party.begin({ response_type: 'code token', scope: 'openid offline_access' });
    const { code = '', access_token = '' } = (await answered(ada, begun.url)).values;
    const first = tokensOf(await party.redeem({ code, verifier: begun.verifier }));
    expect(await party.isActive(access_token)).toBe(true);
    expect((await party.redeem({ code, verifier: begun.verifier })).json()).toMatchObject({ error: 'invalid_grant' });
    expect([await party.isActive(access_token), await party.isActive(first.access_token)]).toEqual([false, false]);
  });

  test('RFC 7009 §2.1: a refresh token takes the access token of the browser along', async () => {
    const begun = party.begin({ response_type: 'code token', scope: 'openid offline_access', prompt: 'consent' });
    const { code = '', access_token = '' } = (await answered(ada, begun.url)).values;
    const { refresh_token } = tokensOf(await party.redeem({ code, verifier: begun.verifier }));
    await party.revoke(refresh_token);
    expect(await party.isActive(access_token)).toBe(false);
  });

  test('house.md: an access token of the browser ends with its session', async () => {
    const person = world.ada();
    const { access_token = '' } = (await answered(person, party.begin({ response_type: 'token' }).url)).values;
    expect(await party.isActive(access_token)).toBe(true);
    for (const { sid } of await world.operator.sessionsOf(world.sub)) await world.operator.endSession(sid);
    expect(await party.isActive(access_token)).toBe(false);
    ada = world.ada();
  });

  test('OpenID Connect Discovery §3: what the server answers is in its metadata', async () => {
    const metadata = (await request(`${world.suite.issuer}/.well-known/openid-configuration`)).json();
    expect(metadata).toMatchObject({
      response_types_supported: [
        ...['code', 'id_token', 'token', 'id_token token', 'code id_token', 'code token', 'code id_token token', 'none'],
      ],
      response_modes_supported: ['query', 'fragment', 'form_post'],
      grant_types_supported: expect.arrayContaining(['implicit']),
      claims_parameter_supported: true,
      subject_types_supported: ['public', 'pairwise'],
    });
  });
});
