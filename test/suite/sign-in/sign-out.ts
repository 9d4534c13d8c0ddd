import { screenshot } from '@authority/testing/suite';
import { expect, test } from 'vitest';
import { fillIn } from './walk.ts';
import type { World } from './world.ts';

/** OpenID Connect RP-Initiated Logout, and what ends with the session. */
export function signOutTests(world: () => World): void {
  const signOutUrl = (parameters: Readonly<Record<string, string>>): string =>
    `${world().suite.issuer}/oauth2/logout?${new URLSearchParams(parameters)}`;
  const isSignedIn = async (person: { visit(url: string): Promise<{ url: URL }> }): Promise<boolean> => {
    const { url } = await person.visit(world().party(world().web, 'openid').begin({ prompt: 'none' }).url);
    return url.searchParams.get('error') !== 'login_required';
  };

  test('RP-Initiated Logout §2: with the hint of this session nobody is asked, and the browser goes back with state', async () => {
    const { web, callbacks } = world();
    const person = await world().newPerson();
    const bound = await world().party(web, 'openid email').tokens(person);
    const offline = await world().party(web).tokens(person);
    const back = `${callbacks.origin}/signed-out`;
    const { url } = await person.visit(signOutUrl({ id_token_hint: bound.id_token, post_logout_redirect_uri: back, state: 'xyz' }));
    expect(url.href).toBe(`${back}?state=xyz`);
    expect(await isSignedIn(person)).toBe(false);

    // A grant without offline_access ends with its session; an offline one does not (house.md).
    const party = world().party(web);
    expect(await party.isActive(bound.access_token)).toBe(false);
    expect(await party.isActive(offline.access_token)).toBe(true);
    expect((await party.refresh(offline.refresh_token)).status).toBe(200);
  });

  test('RP-Initiated Logout §2: without a hint the person is asked, in a real browser, and can stay signed in', async () => {
    const { browser, suite } = world();
    const person = await world().newPerson();
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${suite.issuer}/login`);
    await fillIn(page, person.email, 'Sign in');
    await page.waitForURL(`${suite.issuer}/account`);
    await page.goto(signOutUrl({}));
    await screenshot(page, 'sign-out');
    await page.getByRole('link', { name: 'Stay signed in' }).click();
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    await page.goto(signOutUrl({}));
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await screenshot(page, 'signed-out');
    await page.goto(`${suite.issuer}/account`);
    await page.waitForURL(`${suite.issuer}/login`);
    await context.close();
  });

  test('RP-Initiated Logout §2, §3: a hint of another person asks first, and an unregistered address is never visited', async () => {
    const { web } = world();
    const [one, other] = [await world().newPerson(), await world().newPerson()];
    const { id_token } = await world().party(web, 'openid').tokens(other);
    await one.signIn();
    const asked = await one.visit(signOutUrl({ id_token_hint: id_token }));
    expect(asked.page?.text).toContain('Sign out?');
    expect(await isSignedIn(one)).toBe(true);

    const foreign = await other.visit(signOutUrl({ id_token_hint: id_token, post_logout_redirect_uri: 'https://evil.example/' }));
    expect(foreign.page).toBeDefined();
    expect(foreign.url.origin).toBe(world().suite.issuer);
  });
}
