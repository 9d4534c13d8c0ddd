import { complaintsOf, screenshot } from '@authority/testing/suite';
import { expect, test } from 'vitest';
import { fillIn } from './walk.ts';
import type { World } from './world.ts';

/** What only a real browser can show: content security policy, scripts, cookies between sites. */
export function pageTests(world: () => World): void {
  test('pages.md "Without JavaScript": registration, consent, the answer and the sign-out work without scripts', async () => {
    const { browser, callbacks, web } = world();
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    const { url, state } = world().party(web).begin();
    await page.goto(url);
    await page.getByRole('link', { name: 'Create an account' }).click();
    await fillIn(page, 'no-script@example.com', 'Create account');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.waitForURL(`${callbacks.callback}?**`);
    expect(new URL(page.url()).searchParams.get('state')).toBe(state);

    await page.goto(`${world().suite.issuer}/oauth2/logout`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await context.close();
  });

  test('OAuth 2.0 Form Post Response Mode §2: the answer arrives as a form, by script and by button', async () => {
    const { browser, callbacks, web, suite } = world();
    const person = await world().newPerson();
    for (const javaScriptEnabled of [true, false]) {
      const context = await browser.newContext({ javaScriptEnabled });
      const page = await context.newPage();
      const complaints = complaintsOf(page);
      const { url, state } = world().party(web).begin({ response_mode: 'form_post', prompt: 'consent' });
      const before = callbacks.posted.length;
      await page.goto(url);
      await fillIn(page, person.email, 'Sign in');
      await page.getByRole('button', { name: 'Allow' }).click();
      if (!javaScriptEnabled) await page.getByRole('button', { name: 'Continue' }).click();
      await page.waitForURL(callbacks.callback);
      const posted = callbacks.posted[before];
      expect({ state: posted?.get('state'), iss: posted?.get('iss') }).toEqual({ state, iss: suite.issuer });
      expect(posted?.get('code')).toBeTruthy();
      expect(complaints).toEqual([]);
      await context.close();
    }
  });

  test('CSP 3 §6.4.1.1 form-action: a callback on another origin may redirect on to a third one', async () => {
    const { browser, callbacks, web } = world();
    const person = await world().newPerson();
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(world().party(web).begin({ redirect_uri: callbacks.hop }).url);
    await fillIn(page, person.email, 'Sign in');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.waitForURL(callbacks.landed);
    expect(complaints).toEqual([]);

    // The sign-in form itself ends at the client when consent is remembered.
    await context.clearCookies();
    await page.goto(world().party(web).begin({ redirect_uri: callbacks.hop }).url);
    await fillIn(page, person.email, 'Sign in');
    await page.waitForURL(callbacks.landed);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('issue 2 "Sign-in": a wrong password and a foreign redirect URI are shown as pages, and nothing loads from elsewhere', async () => {
    const { browser, web, suite } = world();
    const person = await world().newPerson();
    const context = await browser.newContext({ viewport: { width: 360, height: 640 } });
    const page = await context.newPage();
    const foreign: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(suite.issuer)) foreign.push(request.url());
    });
    await page.goto(world().party(web).begin().url);
    await page.getByLabel('Email').fill(person.email);
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('not right').waitFor();
    expect(await page.getByLabel('Email').inputValue()).toBe(person.email);
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('');
    await screenshot(page, 'login-wrong-password-360');

    const answer = await page.goto(world().party(web).begin({ redirect_uri: 'https://evil.example/callback' }).url);
    expect(answer?.status()).toBe(400);
    await page.getByRole('heading', { name: 'This request cannot be used' }).waitFor();
    await screenshot(page, 'problem-360');
    expect(foreign).toEqual([]);
    await context.close();
  });
}
