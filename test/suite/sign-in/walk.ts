import { complaintsOf, screenshot } from '@authority/testing/suite';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { verifyTokens } from './verify.ts';
import { password, type World } from './world.ts';

const seconds = (): number => Math.floor(Date.now() / 1000);

/** Fills in the sign-in or registration page and sends it. */
export async function fillIn(page: Page, email: string, button: 'Sign in' | 'Create account'): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: button, exact: true }).click();
}

/** The walk that every combination of processes and stores must pass: two browsers, two published clients. */
export function walkTests(world: () => World): void {
  const shot = (page: Page, name: string): Promise<void> =>
    screenshot(page, `${world().mode.name}-${name}`.replaceAll(/[^a-z0-9-]+/gi, '-'));

  test('OpenID Connect Core §3.1: a person registers, gives consent, and openid-client gets verified tokens', async () => {
    const { suite, browser, callbacks, web } = world();
    const since = seconds();
    const config = await openid.discovery(new URL(suite.issuer), web.client_id, undefined, openid.ClientSecretBasic(web.client_secret), {
      execute: [openid.allowInsecureRequests],
    });
    const [verifier, state, nonce] = [openid.randomPKCECodeVerifier(), openid.randomState(), openid.randomNonce()];
    const url = openid.buildAuthorizationUrl(config, {
      ...{ redirect_uri: callbacks.callback, scope: 'openid profile email offline_access', state, nonce, max_age: '3600' },
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });

    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(url.href);
    await shot(page, 'login');
    await page.getByRole('link', { name: 'Create an account' }).click();
    await shot(page, 'registration');
    await fillIn(page, `openid-client@example.com`, 'Create account');
    await page.getByRole('heading', { name: /Example Web/ }).waitFor();
    await shot(page, 'consent');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.waitForURL(`${callbacks.callback}?**`);
    expect(complaints).toEqual([]);

    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, maxAge: 3600, idTokenExpected: true };
    const tokens = await openid.authorizationCodeGrant(config, new URL(page.url()), checks);
    const sub = tokens.claims()?.sub ?? '';
    const { access_token, id_token = '', refresh_token = '' } = tokens;
    const scope = 'openid profile email offline_access';
    await verifyTokens(
      { access_token, id_token },
      { issuer: suite.issuer, client_id: web.client_id, sub, nonce, scope, alg: 'RS256', since },
    );
    expect(await openid.fetchUserInfo(config, access_token, sub)).toMatchObject({ sub, email: 'openid-client@example.com' });
    const refreshed = await openid.refreshTokenGrant(config, refresh_token);
    expect(await openid.tokenIntrospection(config, refreshed.access_token)).toMatchObject({ active: true, sub, client_id: web.client_id });
    await openid.tokenRevocation(config, refresh_token);
    expect((await openid.tokenIntrospection(config, refreshed.access_token)).active).toBe(false);
    await context.close();
  });

  test('OpenID Connect Core §3.1: a person signs in, and oauth4webapi as a public client gets verified tokens', async () => {
    const { suite, browser, callbacks, app } = world();
    const person = await world().newPerson();
    const since = seconds();
    const insecure = { [oauth.allowInsecureRequests]: true };
    const issuer = new URL(suite.issuer);
    const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
    const client: oauth.Client = { client_id: app.client_id, id_token_signed_response_alg: 'ES256' };
    const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()];
    const url = new URL(server.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      ...{ response_type: 'code', client_id: app.client_id, redirect_uri: callbacks.callback, scope: 'openid email', state, nonce },
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      ...{ code_challenge_method: 'S256', max_age: '3600' },
    }).toString();

    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(url.href);
    await fillIn(page, person.email, 'Sign in');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.waitForURL(`${callbacks.callback}?**`);
    expect(complaints).toEqual([]);

    const answer = oauth.validateAuthResponse(server, client, new URL(page.url()), state);
    const grant = oauth.authorizationCodeGrantRequest;
    const response = await grant(server, client, oauth.None(), answer, callbacks.callback, verifier, insecure);
    const checks = { expectedNonce: nonce, maxAge: 3600, requireIdToken: true };
    const { access_token, id_token = '' } = await oauth.processAuthorizationCodeResponse(server, client, response, checks);
    const expected = { issuer: suite.issuer, client_id: app.client_id, sub: person.sub, nonce, scope: 'openid email', alg: 'ES256', since };
    await verifyTokens({ access_token, id_token }, expected);
    const about = await oauth.userInfoRequest(server, client, access_token, insecure);
    expect((await oauth.processUserInfoResponse(server, client, person.sub, about)).email).toBe(person.email);
    await context.close();
  });
}
