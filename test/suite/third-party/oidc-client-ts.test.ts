import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { complaintsOf, type CreatedClient, Operator, root, startBrowser, startOneProcess, type Suite } from '@authority/testing/suite';
import type { UserManagerSettings } from 'oidc-client-ts';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';
const email = 'spa@example.com';
const library = readFileSync(join(root, 'node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js'), 'utf8');

let suite: Suite;
let operator: Operator;
let browser: Browser;
let site: Server;
let origin: string;
let app: CreatedClient;
/** With a secret: a public client on loopback is asked for consent each time, since any program could listen there. */
let known: CreatedClient;
beforeAll(async () => {
  [browser, suite] = await Promise.all([startBrowser(), startOneProcess()]);
  // Every address of the application is the same page; the library does the rest.
  site = createServer((request, response) => {
    if (request.url === '/library.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(library);
    else if (request.url === '/favicon.ico') response.writeHead(204).end();
    else
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Shop</title><script src="/library.js"></script>');
  });
  site.listen(0, 'localhost');
  await once(site, 'listening');
  const address = site.address();
  origin = `http://localhost:${typeof address === 'object' ? address?.port : ''}`;
  operator = new Operator(suite);
  await operator.createIdentity({ email, password, name: 'Ada Example' });
  const common = {
    ...{ client_name: 'Shop', grant_types: ['authorization_code', 'refresh_token'], scope: 'openid profile email offline_access' },
    ...{ consent_skipped: true, id_token_signed_response_alg: 'ES256', redirect_uris: [`${origin}/callback`, `${origin}/silent`] },
    post_logout_redirect_uris: [`${origin}/bye`],
  };
  app = await operator.createClient({ ...common, token_endpoint_auth_method: 'none' });
  known = await operator.createClient({ ...common, token_endpoint_auth_method: 'client_secret_post', allowed_origins: [origin] });
});
afterAll(async () => {
  operator?.close();
  await browser?.close();
  await suite?.stop();
  site?.closeAllConnections();
  site?.close();
});

const settings = (scope: string, { client_id, client_secret }: CreatedClient = app): UserManagerSettings => ({
  authority: suite.issuer,
  client_id,
  ...(client_secret !== undefined && { client_secret }),
  redirect_uri: `${origin}/callback`,
  silent_redirect_uri: `${origin}/silent`,
  post_logout_redirect_uri: `${origin}/bye`,
  scope,
  loadUserInfo: true,
  automaticSilentRenew: false,
  silentRequestTimeoutInSeconds: 5,
});

interface User {
  readonly profile: { readonly sub: string };
  readonly refresh_token?: string;
}

/** Runs a method of the library's UserManager in the page; answers what it resolves to, as JSON. */
const run = (page: Page, scope: string, call: string, client = app): Promise<User> =>
  page.evaluate(`(async () => {
    const users = new oidc.UserManager({ ...${JSON.stringify(settings(scope, client))}, userStore: new oidc.WebStorageStateStore({ store: localStorage }) });
    return JSON.parse(JSON.stringify((await users.${call}) ?? {}));
  })()`);

async function signIn(context: BrowserContext, scope: string, client = app): Promise<Page> {
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  await page.goto(origin);
  await run(page, scope, 'signinRedirect()', client).catch(() => {}); // the page goes away under it
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  if (client === app) await page.getByRole('button', { name: 'Allow' }).click();
  await page.waitForURL(/\/callback\?/);
  return page;
}

describe('oidc-client-ts in Chromium: a public client in a page', () => {
  test('signs in by code and PKCE, with UserInfo over CORS; signs out and comes back', async () => {
    const context = await browser.newContext();
    const page = await signIn(context, 'openid profile email');
    const complaints = complaintsOf(page);
    const user = await run(page, 'openid profile email', 'signinRedirectCallback()');
    expect(user).toMatchObject({ token_type: 'Bearer', profile: { iss: suite.issuer, email, name: 'Ada Example', aud: app.client_id } });
    await run(page, 'openid profile email', 'signoutRedirect()').catch(() => {});
    await page.waitForURL(`${origin}/bye`);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('renews silently in a frame, while the person is signed in', async () => {
    const context = await browser.newContext();
    const page = await signIn(context, 'openid', known);
    const before = await run(page, 'openid', 'signinRedirectCallback()', known);
    const framed = page.evaluate(`new Promise((resolve) => {
      const users = new oidc.UserManager(${JSON.stringify(settings('openid', known))});
      users.signinSilent().then((user) => resolve(user.profile.sub), (error) => resolve(error.message));
    })`);
    // The frame's page hands its address to the library in the page around it.
    const silent = () => page.frames().find((one) => one.url().includes('/silent?'));
    await expect.poll(silent, { timeout: 8_000 }).toBeDefined();
    await silent()?.evaluate(`new oidc.UserManager(${JSON.stringify(settings('openid', known))}).signinSilentCallback()`);
    expect(await framed).toBe(before.profile.sub);
    await context.close();
  });

  test('renews by a refresh token that rotates, and ends it', async () => {
    const context = await browser.newContext();
    const scope = 'openid offline_access';
    const page = await signIn(context, scope);
    const first = await run(page, scope, 'signinRedirectCallback()');
    const second = await run(page, scope, 'signinSilent()');
    expect(second).toMatchObject({ profile: { iss: suite.issuer }, refresh_token: expect.any(String) });
    expect(second.refresh_token).not.toBe(first.refresh_token);
    await run(page, scope, "revokeTokens(['refresh_token'])");
    const refused = await run(page, scope, 'signinSilent()').then(
      () => '',
      (error: Error) => error.message,
    );
    expect(refused).not.toBe('');
    await context.close();
  });
});
