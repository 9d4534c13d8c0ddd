import { answered, type CreatedClient, hiddenOf, type RelyingParty, request, tokensOf } from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorld, type World } from './front-channel/world.ts';

let world: World;
let client: CreatedClient;
let party: RelyingParty;
beforeAll(async () => {
  world = await startWorld();
  client = await world.client();
  party = world.party(client);
});
afterAll(() => world?.stop());

describe('OAuth 2.0 Form Post Response Mode 1.0', () => {
  test.each(['code', 'id_token', 'id_token token', 'code id_token token'])('§2: %s travels in a form', async (response_type) => {
    const begun = party.begin({ response_type, response_mode: 'form_post' });
    const { mode, uri, values } = await answered(world.ada(), begun.url);
    expect({ mode, uri }).toEqual({ mode: 'form_post', uri: client.redirect_uri });
    expect(values).toMatchObject({ state: begun.state, iss: world.suite.issuer });
    const { code, id_token } = values;
    if (code !== undefined) expect(tokensOf(await party.redeem({ code, verifier: begun.verifier })).id_token).not.toBe('');
    if (id_token !== undefined) expect(await world.verify(id_token, client)).toMatchObject({ nonce: begun.nonce });
  });

  test('§2: errors travel in a form as well', async () => {
    const { mode, values } = await answered(world.ada(), party.begin({ response_mode: 'form_post', prompt: 'none' }).url);
    expect({ mode, error: values['error'] }).toEqual({ mode: 'form_post', error: 'login_required' });
  });

  test('§4: the page is nobody’s to keep, sends itself by a script of ours, and has a button where there are no scripts', async () => {
    const { page } = await world.ada().walk(party.begin({ response_mode: 'form_post' }).url);
    expect(page?.status).toBe(200);
    expect(page?.headers.get('cache-control')).toContain('no-store');
    expect(page?.headers.get('referrer-policy')).toBe('no-referrer');
    const policy = page?.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self'");
    // A form-action would hold for the redirects that follow at the client (security-headers.ts).
    expect(policy).not.toContain('form-action');
    const [, script = ''] = /<script[^>]* src="([^"]+)"/.exec(page?.text ?? '') ?? [];
    expect((await request(new URL(script, world.suite.issuer).href)).status).toBe(200);
    expect(page?.text).toContain('<button');
  });

  test('§4: what the client sent stays text in the page', async () => {
    const state = `"><script>alert(1)</script>&amp;'`;
    const { page } = await world.ada().walk(party.begin({ response_mode: 'form_post', state }).url);
    expect(page?.text).not.toContain('<script>alert');
    expect(hiddenOf(page?.text ?? '')['state']).toBe(state);
  });
});
