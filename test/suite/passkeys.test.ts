import { complaintsOf, type Suite, screenshot, startBrowser, startOneProcess } from '@authority/testing/suite';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';

let suite: Suite;
let browser: Browser;

beforeAll(async () => {
  [suite, browser] = await Promise.all([startOneProcess(), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await suite?.stop();
});

interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly cdp: CDPSession;
  readonly authenticatorId: string;
  readonly complaints: string[];
}

/** A browser with an authenticator of its own (WebAuthn §11): it keeps passkeys and verifies its user, who is there when told to be. */
async function visitor({ hasAutofill = false } = {}): Promise<Visitor> {
  const context = await browser.newContext();
  const page = await context.newPage();
  // The autofill answers by itself where somebody is there; without it only the button does.
  if (!hasAutofill) await page.addInitScript('PublicKeyCredential.isConditionalMediationAvailable = async () => false');
  const complaints = complaintsOf(page);
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable', { enableUI: false });
  const options = {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
  } as const;
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options });
  return { context, page, cdp, authenticatorId, complaints };
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

async function register({ page }: Visitor, email: string): Promise<void> {
  await page.goto(`${suite.issuer}/registration`);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await button(page, 'Create account').click();
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
}

async function addPasskey({ page }: Visitor): Promise<void> {
  await button(page, 'Add a passkey').click();
  await page.getByText('is added').waitFor();
}

async function signOut({ page }: Visitor): Promise<void> {
  await page.goto(`${suite.issuer}/oauth2/logout`);
  await button(page, 'Sign out').click();
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
}

const account = (page: Page) => page.getByRole('heading', { name: 'Your account' }).waitFor();

describe('WebAuthn: passkeys on the built-in pages', () => {
  test('are added, sign in by the button, are renamed and removed', async () => {
    const one = await visitor();
    const { page, cdp, authenticatorId } = one;
    await register(one, 'pass@example.com');
    await addPasskey(one);
    await screenshot(page, 'account-passkeys');
    const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
    expect(credentials).toMatchObject([{ isResidentCredential: true, rpId: 'localhost' }]);
    await signOut(one);
    await page.goto(`${suite.issuer}/login`);
    await button(page, 'Use a passkey').waitFor();
    await screenshot(page, 'login-passkey');
    await button(page, 'Use a passkey').click();
    await account(page);

    await button(page, 'Rename').click();
    await page.getByLabel('Passkey name').fill('My laptop');
    await button(page, 'Save name').click();
    await page.getByText('The passkey is now called My laptop.').waitFor();
    await button(page, 'Remove').click();
    await page.getByText('The passkey is removed.').waitFor();
    expect(await button(page, 'Rename').count()).toBe(0);
    expect(one.complaints).toEqual([]);
    await one.context.close();
  });

  test('WebAuthn §5.1.4: sign in by the autofill of the first field, without a press of the button', async () => {
    const one = await visitor({ hasAutofill: true });
    await register(one, 'autofill@example.com');
    await addPasskey(one);
    await signOut(one);
    await one.page.goto(`${suite.issuer}/login`);
    await account(one.page);
    expect(one.complaints).toEqual([]);
    await one.context.close();
  });

  test('are asked for after the password, and whoever has the password alone is not let in', async () => {
    const one = await visitor();
    const { page } = one;
    await register(one, 'second@example.com');
    await addPasskey(one);
    await signOut(one);
    await page.goto(`${suite.issuer}/login`);
    await page.getByLabel('Email').fill('second@example.com');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await button(page, 'Sign in').click();
    await page.getByRole('heading', { name: 'One more step' }).waitFor();
    await page.goto(`${suite.issuer}/account`);
    await page.waitForURL(/\/login/);
    await page.goBack();
    await screenshot(page, 'second-factor-passkey');
    await button(page, 'Use a passkey').click();
    await account(page);
    await one.context.close();
  });

  test('make an account without a password, and say what is missing before they are made', async () => {
    const one = await visitor();
    const { page, cdp, authenticatorId } = one;
    await page.goto(`${suite.issuer}/registration`);
    await button(page, 'Use a passkey instead of a password').click();
    await page.getByRole('alert').getByText('Email').waitFor();
    await screenshot(page, 'registration-passkey');
    expect((await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials).toEqual([]);
    await page.getByLabel('Email').fill('no-password@example.com');
    await button(page, 'Use a passkey instead of a password').click();
    await account(page);
    expect(await page.getByLabel('Current password').count()).toBe(0);
    await button(page, 'Remove').click();
    await page.getByText('This is the only way you can sign in.').waitFor();
    await signOut(one);
    await page.goto(`${suite.issuer}/login`);
    await button(page, 'Use a passkey').click();
    await account(page);
    expect(one.complaints).toEqual([]);
    await one.context.close();
  });

  test('that were removed are not accepted', async () => {
    const one = await visitor();
    const { page, cdp, authenticatorId } = one;
    await register(one, 'gone@example.com');
    await addPasskey(one);
    const [credential] = (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
    await button(page, 'Remove').click();
    await page.getByText('The passkey is removed.').waitFor();
    await signOut(one);
    // The browser has heard that it is gone (WebAuthn level 3 §5.1.10); an authenticator that has not keeps it.
    await cdp.send('WebAuthn.clearCredentials', { authenticatorId });
    if (credential) await cdp.send('WebAuthn.addCredential', { authenticatorId, credential });
    await page.goto(`${suite.issuer}/login`);
    await button(page, 'Use a passkey').click();
    await page.getByRole('alert').getByText('was not accepted').waitFor();
    await one.context.close();
  });

  test('pages.md "Without JavaScript": the sign-in page offers none', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${suite.issuer}/login`);
    await button(page, 'Sign in').waitFor();
    expect(await button(page, 'Use a passkey').isVisible()).toBe(false);
    await context.close();
  });
});
