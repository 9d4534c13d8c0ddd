import { freePorts, Operator, startBrowser, startOneProcess, type Suite } from '@authority/testing/suite';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Apache, startApache } from './apache.ts';

const password = 'violet tractor hums 42 lullabies';
const email = 'apache@example.com';

let suite: Suite;
let operator: Operator;
let browser: Browser;
let apache: Apache;
beforeAll(async () => {
  suite = await startOneProcess();
  [operator, browser] = [new Operator(suite), await startBrowser()];
  await operator.createIdentity({ email, password });
  const [port = 0] = await freePorts(1);
  const origin = `http://127.0.0.1:${port}`;
  const { client_id, client_secret = '' } = await operator.createClient({
    ...{ client_name: 'Intranet', grant_types: ['authorization_code'], response_types: ['code'], scope: 'openid email' },
    ...{ redirect_uris: [`${origin}/secure/redirect`], post_logout_redirect_uris: [`${origin}/`] },
  });
  apache = await startApache(port, [
    `OIDCProviderMetadataURL ${suite.issuer}/.well-known/openid-configuration`,
    `OIDCClientID ${client_id}`,
    `OIDCClientSecret ${client_secret}`,
    `OIDCRedirectURI ${origin}/secure/redirect`,
    'OIDCCryptoPassphrase a-passphrase-of-the-test',
    'OIDCScope "openid email"',
    'OIDCPKCEMethod S256',
    'OIDCRemoteUserClaim email',
    'OIDCCookieSameSite On',
    '<Location /secure>',
    'AuthType openid-connect',
    'Require valid-user',
    'Header always set X-Remote-User "expr=%{REMOTE_USER}"',
    '</Location>',
  ]);
});
afterAll(async () => {
  await apache?.stop();
  operator?.close();
  await browser?.close();
  await suite?.stop();
});

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('Debian libapache2-mod-auth-openidc: a page behind it knows who came, and its logout ends the session here', async () => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${apache.origin}/secure/`);
  await signIn(page);
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('heading', { name: 'Members' }).waitFor();
  const again = await page.reload();
  expect(again?.headers()['x-remote-user']).toBe(email);

  await page.goto(`${apache.origin}/secure/redirect?logout=${encodeURIComponent(`${apache.origin}/`)}`);
  await page.getByRole('heading', { name: 'Everybody' }).waitFor();
  await page.goto(`${apache.origin}/secure/`);
  await page.getByLabel('Password', { exact: true }).waitFor();
  expect(apache.log()).not.toMatch(/oidc_.*error/);
});

test('RFC 9207: an answer with another issuer, or another state, lets nobody in', async () => {
  const page = await (await browser.newContext()).newPage();
  const forged = await page.goto(`${apache.origin}/secure/redirect?code=stolen&state=another&iss=https%3A%2F%2Fevil.example`);
  expect(forged?.headers()['x-remote-user'] ?? '').toBe('');
  expect(await page.getByRole('heading', { name: 'Members' }).count()).toBe(0);
});
