import { complaintsOf, Operator, screenshot, startBrowser, startOneProcess, type Suite } from '@authority/testing/suite';
import * as oidc from 'openid-client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';
const scope = 'openid email offline_access';

let suite: Suite;
let operator: Operator;
let browser: Browser;
let tv: oidc.Configuration;
beforeAll(async () => {
  suite = await startOneProcess();
  [operator, browser] = [new Operator(suite), await startBrowser()];
  await operator.setSetting('token.device_poll_interval', 1);
  const { client_id } = await operator.createClient({
    ...{ client_name: 'Harbour TV', scope, token_endpoint_auth_method: 'none' },
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
  });
  tv = await oidc.discovery(new URL(suite.issuer), client_id, undefined, oidc.None(), { execute: [oidc.allowInsecureRequests] });
});
afterAll(async () => {
  operator?.close();
  await browser?.close();
  await suite?.stop();
});

async function personOnAPhone(email: string, javaScriptEnabled = true): Promise<Page> {
  await operator.createIdentity({ email, password });
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, javaScriptEnabled });
  return context.newPage();
}

async function signIn(page: Page, email: string): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test.each([true, false])('RFC 8628 §3.3: openid-client waits while a person signs in and types the code (scripts: %s)', async (scripts) => {
  const codes = await oidc.initiateDeviceAuthorization(tv, { scope });
  const tokens = oidc.pollDeviceAuthorizationGrant(tv, codes);
  const email = `typing-${scripts}@example.com`;
  const page = await personOnAPhone(email, scripts);
  const complaints = complaintsOf(page);

  await page.goto(codes.verification_uri);
  await page.getByText('to connect a device').waitFor();
  await signIn(page, email);
  await page.getByLabel('Code').fill('BBBB-BBBB');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').getByText('There is no such code').waitFor();
  await page.getByLabel('Code').fill(codes.user_code.toLowerCase());
  await page.getByRole('button', { name: 'Continue' }).click();

  await page.getByRole('heading', { name: 'Connect Harbour TV?' }).waitFor();
  await page.getByText(codes.user_code).waitFor();
  await page.getByText('The same network address as this browser').waitFor();
  await page.reload();
  await screenshot(page, `device-confirm-360-${scripts ? 'scripts' : 'plain'}`);
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('heading', { name: 'Your device is connected' }).waitFor();

  const answer = await tokens;
  expect(answer.claims()).toMatchObject({ iss: suite.issuer });
  expect(await oidc.fetchUserInfo(tv, answer.access_token, answer.claims()?.sub ?? '')).toMatchObject({ email });
  expect((await oidc.refreshTokenGrant(tv, answer.refresh_token ?? '')).access_token).toBeTruthy();
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('RFC 8628 §3.3.1: the code of a QR code is there after the sign-in, and Deny is told to the device', async () => {
  const codes = await oidc.initiateDeviceAuthorization(tv, { scope: 'openid' });
  const page = await personOnAPhone('scanning@example.com');
  await page.goto(codes.verification_uri_complete ?? '');
  await signIn(page, 'scanning@example.com');
  expect(await page.getByLabel('Code').inputValue()).toBe(codes.user_code);
  await page.getByText('only if your device shows the same one').waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Deny' }).click();
  await page.getByRole('heading', { name: 'Nothing was connected' }).waitFor();
  await expect(oidc.pollDeviceAuthorizationGrant(tv, codes)).rejects.toMatchObject({ error: 'access_denied' });
  await page.context().close();
});

test('pages.md, states: somebody else signs in for the device, and what the first was shown is gone', async () => {
  const codes = await oidc.initiateDeviceAuthorization(tv, { scope: 'openid' });
  const page = await personOnAPhone('first@example.com');
  await operator.createIdentity({ email: 'second@example.com', password });
  await page.goto(codes.verification_uri_complete ?? '');
  await signIn(page, 'first@example.com');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('link', { name: 'Use another account' }).click();
  await signIn(page, 'second@example.com');
  await page.getByText('Signed in as second@example.com').waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('heading', { name: 'Your device is connected' }).waitFor();
  const tokens = await oidc.pollDeviceAuthorizationGrant(tv, codes);
  const { sub = '' } = tokens.claims() ?? {};
  expect((await operator.grants(`sub="${sub}"`)).length).toBe(1);
  await page.context().close();
});
