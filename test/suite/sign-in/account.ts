import { complaintsOf, screenshot } from '@authority/testing/suite';
import { expect, test } from 'vitest';
import { fillIn } from './walk.ts';
import { password, type World } from './world.ts';

const nextPassword = 'seven quiet otters paint 19 bridges';

/** The account of a person: where they are signed in, what has access, their password. Without JavaScript. */
export function accountTests(world: () => World): void {
  test('account: ending the session of another browser signs that one out, and no other', async () => {
    const { browser, suite } = world();
    const person = await world().newPerson();
    const [here, there] = [await browser.newContext({ javaScriptEnabled: false }), await browser.newContext({ javaScriptEnabled: false })];
    const [page, other] = [await here.newPage(), await there.newPage()];
    for (const one of [other, page]) {
      await one.goto(`${suite.issuer}/login`);
      await fillIn(one, person.email, 'Sign in');
      await one.waitForURL(`${suite.issuer}/account`);
    }
    await page.getByRole('link', { name: 'Devices' }).click();
    await page.getByText('This browser.').waitFor();
    await screenshot(page, 'account-sessions');
    await page.getByRole('button', { name: /^Sign out Chrom/ }).click();
    await page.getByText('Signed out there.').waitFor();
    await other.goto(`${suite.issuer}/account`);
    await other.waitForURL(`${suite.issuer}/login`);
    await page.goto(`${suite.issuer}/account`);
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    await Promise.all([here.close(), there.close()]);
  });

  test('account: an application whose access is taken back is signed out within a second, and asks for consent again', async () => {
    const { browser, suite, web } = world();
    const person = await world().newPerson();
    const party = world().party(web);
    const tokens = await party.tokens(person);
    const kept = await world().party(world().app).tokens(person);
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${suite.issuer}/login`);
    await fillIn(page, person.email, 'Sign in');
    await page.getByRole('link', { name: 'Applications' }).click();
    await page.getByText('Read your email').or(page.getByText('See your email address')).first().waitFor();
    await screenshot(page, 'account-applications');
    await page.getByRole('button', { name: /Take access back from .*Example Web/ }).click();
    await page.getByText('It has no access any more.').waitFor();
    expect(await party.isActive(tokens.access_token)).toBe(false);
    expect((await party.refresh(tokens.refresh_token)).status).toBe(400);
    expect((await world().party(world().app).refresh(kept.refresh_token)).status).toBe(200);
    const { url } = await person.visit(party.begin({ prompt: 'none' }).url);
    expect(url.searchParams.get('error')).toBe('consent_required');
    await context.close();
  });

  test('account: a new password ends every other session and token, and this browser stays signed in', async () => {
    const { browser, suite, web } = world();
    const person = await world().newPerson();
    const party = world().party(web);
    const tokens = await party.tokens(person);
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(`${suite.issuer}/login`);
    await fillIn(page, person.email, 'Sign in');
    await screenshot(page, 'account');
    await page.getByLabel('Current password').fill('not this one');
    await page.getByLabel('New password').fill(nextPassword);
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('This is not your current password.').first().waitFor();
    await page.getByLabel('Current password').fill(password);
    await page.getByLabel('New password').fill(nextPassword);
    await page.getByLabel('Sign out everywhere else').check();
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.waitForURL(`${suite.issuer}/account`);
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    expect(await party.isActive(tokens.access_token)).toBe(false);
    await page.goto(`${suite.issuer}/account`);
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });
}
