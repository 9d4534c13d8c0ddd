import { seedOf, totpCode } from '@authority/testing';
import { authorityctl, complaintsOf, mailTo, type Suite, screenshot, startBrowser, startOneProcess } from '@authority/testing/suite';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';
/** A code of the step after: the one of now is used up by what was done before. */
const nextStep = 30_000;

let suite: Suite;
let browser: Browser;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  [suite, browser] = await Promise.all([startOneProcess(), startBrowser()]);
});
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((one) => one.close()));
});
afterAll(async () => {
  await browser?.close();
  await suite?.stop();
});

async function visitor(javaScriptEnabled = false): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled });
  contexts.push(context);
  return context.newPage();
}

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true }).waitFor();

async function register(page: Page, email: string): Promise<void> {
  await page.goto(`${suite.issuer}/registration`);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await press(page, 'Create account');
}

async function signIn(page: Page, email: string): Promise<void> {
  await page.goto(`${suite.issuer}/login`);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await press(page, 'Sign in');
}

async function signOut(page: Page): Promise<void> {
  await page.goto(`${suite.issuer}/oauth2/logout`);
  await press(page, 'Sign out');
  await heading(page, 'You are signed out');
}

/** Takes the key over from the page, and confirms it by its first code. */
async function setUpApp(page: Page): Promise<Buffer> {
  await press(page, 'Set up an authenticator app');
  const seed = seedOf(await page.locator('.secret code').innerText());
  await page.getByRole('img', { name: 'QR code' }).waitFor();
  await enter(page, seed, Date.now());
  return seed;
}

async function enter(page: Page, seed: Buffer, at: number): Promise<void> {
  await page.getByLabel('Code from your app').fill(totpCode(seed, at));
  await page.locator('.way-totp').getByRole('button').first().click();
}

describe('issue 4: second factors on the built-in pages, without JavaScript', () => {
  test('an authenticator app and recovery codes are set up, asked for, used once, made anew and removed', async () => {
    const page = await visitor();
    const email = 'factors@example.com';
    await register(page, email);
    await heading(page, 'Your account');
    expect(await page.getByRole('heading', { name: 'Recovery codes' }).count()).toBe(0);
    const seed = await setUpApp(page);
    await page.getByText('Your authenticator app is set up.').waitFor();
    await mailTo(suite, email, /authenticator/i);

    await press(page, 'Make recovery codes');
    const codes = await page.locator('.codes code').allInnerTexts();
    expect([codes.length, new Set(codes).size]).toEqual([10, 10]);
    await page.reload();
    expect(await page.locator('.codes code').allInnerTexts()).toEqual(codes);
    await press(page, 'I have kept them');
    expect(await page.locator('.codes').count()).toBe(0);
    await page.getByText('10 left.').waitFor();
    await signOut(page);

    await signIn(page, email);
    await heading(page, 'One more step');
    // The password alone opens no page, and is no session.
    const aside = await page.context().newPage();
    await aside.goto(`${suite.issuer}/account`);
    await aside.waitForURL(/\/login/);
    await page.getByLabel('Code from your app').fill(totpCode(seed, Date.now() - 10 * nextStep));
    await press(page, 'Continue');
    await page.getByText('This code is not right.').first().waitFor();
    const typedAt = Date.now() + nextStep;
    await enter(page, seed, typedAt);
    await heading(page, 'Your account');
    await signOut(page);

    // RFC 6238 §5.2: what was seen over a shoulder is of no use in another browser.
    const thief = await visitor();
    await signIn(thief, email);
    await enter(thief, seed, typedAt);
    await thief.getByText('This code was used before.').first().waitFor();
    await thief.getByText('Use a recovery code').click();
    await thief.getByLabel('Recovery code').fill(codes[0]?.toLowerCase().replaceAll('-', ' ') ?? '');
    await thief.locator('.way-recovery_code').getByRole('button').click();
    await heading(thief, 'Your account');
    await thief.getByText('9 left.').waitFor();

    await signIn(page, email);
    await page.getByText('Use a recovery code').click();
    await page.getByLabel('Recovery code').fill(codes[0] ?? '');
    await page.locator('.way-recovery_code').getByRole('button').click();
    await page.getByText('This code is not right, or was used before.').first().waitFor();

    await thief.locator('.way-totp').getByRole('button', { name: 'Remove' }).click();
    await thief.getByText('The authenticator app is removed.').waitFor();
    expect(await thief.getByRole('heading', { name: 'Recovery codes' }).count()).toBe(0);
    for (const action of ['totp_add', 'recovery_codes_', 'recovery_code_', 'totp_remove']) {
      const listed = async () => (await authorityctl(suite, ['audit', 'list', '--owner', 'identity'])).stdout;
      await expect.poll(listed).toContain(`identity.${action}`);
    }
  });

  test('login.second_factor: where everybody needs one, a sign-in is not complete before it is set up', async () => {
    const early = await visitor();
    await register(early, 'before@example.com');
    await heading(early, 'Your account');
    await signOut(early);
    expect((await authorityctl(suite, ['settings', 'set', 'login.second_factor', 'required'])).code).toBe(0);
    try {
      const page = await visitor();
      await register(page, 'required@example.com');
      await heading(page, 'Protect your account');
      const aside = await page.context().newPage();
      await aside.goto(`${suite.issuer}/account`);
      await aside.waitForURL(/\/login/);
      await setUpApp(page);
      await heading(page, 'Your account');

      await signIn(early, 'before@example.com');
      await heading(early, 'Protect your account');
      await setUpApp(early);
      await heading(early, 'Your account');
    } finally {
      await authorityctl(suite, ['settings', 'set', 'login.second_factor', 'when_enrolled']);
    }
  });
});

test('pages.md: the pages of second factors, light, dark and narrow; nothing is blocked', async () => {
  const page = await visitor(true);
  const complaints = complaintsOf(page);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const look = async (name: string): Promise<void> => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [1440, 360]) {
        await page.setViewportSize({ width, height: 900 });
        await screenshot(page, `${name}-${colorScheme}-${width}`);
        expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0);
      }
    }
  };
  await register(page, 'looks@example.com');
  await press(page, 'Set up an authenticator app');
  await look('account-totp-setup');
  const seed = seedOf(await page.locator('.secret code').innerText());
  await enter(page, seed, Date.now());
  await page.getByText('Your authenticator app is set up.').waitFor();
  await press(page, 'Make recovery codes');
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = await page.evaluate('navigator.clipboard.readText()');
  expect(String(copied).split('\n')).toEqual(await page.locator('.codes code').allInnerTexts());
  await look('account-recovery-codes');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Save as a file' }).click()]);
  expect(download.suggestedFilename()).toBe('recovery-codes.txt');
  await press(page, 'I have kept them');
  await look('account-second-factors');
  await signOut(page);
  await signIn(page, 'looks@example.com');
  await page.getByText('Use a recovery code').click();
  await look('login-second');
  expect(complaints).toEqual([]);
});
