import {
  complaintsOf,
  type CreatedClient,
  Operator,
  request,
  screenshot,
  startBrowser,
  startOneProcess,
  type Suite,
} from '@authority/testing/suite';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Listener, startListener } from './logout/listener.ts';

const password = 'violet tractor hums 42 lullabies';
const email = 'frames@example.com';

let suite: Suite;
let operator: Operator;
let browser: Browser;
let listener: Listener;
let one: CreatedClient;
let two: CreatedClient;
beforeAll(async () => {
  [browser, listener, suite] = await Promise.all([startBrowser(), startListener(), startOneProcess()]);
  operator = new Operator(suite);
  await operator.createIdentity({ email, password });
  const common = {
    grant_types: ['authorization_code'],
    scope: 'openid',
    consent_skipped: true,
    redirect_uris: [`${listener.origin}/callback`],
  };
  one = await operator.createClient({
    ...common,
    frontchannel_logout_uri: `${listener.origin}/one?a=b`,
    frontchannel_logout_session_required: true,
    post_logout_redirect_uris: [`${listener.origin}/bye`],
  });
  two = await operator.createClient({ ...common, frontchannel_logout_uri: `${listener.origin}/two` });
  await operator.setSetting('token.frontchannel_logout', true);
});
afterAll(async () => {
  operator?.close();
  await browser?.close();
  await suite?.stop();
  await listener?.close();
});
beforeEach(() => {
  listener.heard.length = 0;
});

const newContext = async (options: BrowserContextOptions = {}): Promise<BrowserContext> => {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(8_000);
  return context;
};
const metadata = async (): Promise<Record<string, unknown>> => (await request(`${suite.issuer}/.well-known/openid-configuration`)).json();
const authorizeUrl = ({ client_id, redirect_uri }: CreatedClient): string => {
  const query = {
    response_type: 'code',
    client_id,
    redirect_uri,
    scope: 'openid',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  };
  return `${suite.issuer}/oauth2/authorize?${new URLSearchParams(query)}`;
};

/** Signs in to both clients; the exchange of the code is what makes a sign-in. */
async function signIn(context: BrowserContext): Promise<{ page: Page; id_token: string }> {
  const page = await context.newPage();
  let id_token = '';
  for (const client of [one, two]) {
    const verifier = 'v'.repeat(43);
    const challenge = Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))).toString('base64url');
    await page.goto(authorizeUrl(client).replace('x'.repeat(43), challenge));
    if (page.url().startsWith(suite.issuer)) {
      await page.getByLabel('Email').fill(email);
      await page.getByLabel('Password', { exact: true }).fill(password);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    }
    await page.waitForURL(/callback/, { timeout: 8000 });
    const code = new URL(page.url()).searchParams.get('code') ?? '';
    const { client_id, client_secret = '', redirect_uri } = client;
    const form = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier };
    const answer = await request(`${suite.issuer}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` },
      body: new URLSearchParams(form),
    });
    id_token ||= String(answer.json()['id_token']);
  }
  listener.heard.length = 0;
  return { page, id_token };
}

const signOutUrl = (parameters: Record<string, string>): string => `${suite.issuer}/oauth2/logout?${new URLSearchParams(parameters)}`;

describe('OpenID Connect Front-Channel Logout 1.0', () => {
  test('§3: the metadata says that it is on, with sessions', async () => {
    await expect.poll(metadata).toMatchObject({ frontchannel_logout_supported: true, frontchannel_logout_session_supported: true });
  });

  test('§2, §4: the pages of the clients are loaded, with iss and sid where asked, and the browser goes back with state', async () => {
    const context = await newContext();
    const { page, id_token } = await signIn(context);
    const complaints = complaintsOf(page);
    await page.goto(signOutUrl({ id_token_hint: id_token, post_logout_redirect_uri: `${listener.origin}/bye`, state: 'xyz' }));
    await page.waitForURL(`${listener.origin}/bye?state=xyz`);
    const [first] = await listener.until('/one');
    const sid = JSON.parse(Buffer.from(id_token.split('.')[1] ?? '', 'base64url').toString()).sid;
    expect(Object.fromEntries(first?.form ?? [])).toEqual({ a: 'b', iss: suite.issuer, sid });
    const [second] = await listener.until('/two');
    expect([...(second?.form ?? [])]).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('§4: without scripts the link leads on, and the page goes on by itself', async () => {
    const context = await newContext({ javaScriptEnabled: false });
    const { page, id_token } = await signIn(context);
    await page.goto(signOutUrl({ id_token_hint: id_token, post_logout_redirect_uri: `${listener.origin}/bye` }));
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await screenshot(page, 'signed-out-frames');
    await page.getByRole('link', { name: 'Continue' }).click();
    await page.waitForURL(`${listener.origin}/bye`);
    expect(listener.heard.map(({ path }) => path)).toEqual(expect.arrayContaining(['/one', '/two']));
    await context.close();
  });

  test('§4: who signs out here stays here; only the clients of the session are framed', async () => {
    const context = await newContext();
    const { page } = await signIn(context);
    await page.goto(signOutUrl({}));
    expect(listener.heard).toEqual([]);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    expect(await listener.until('/two')).toHaveLength(1);
    listener.heard.length = 0;
    await page.goto(signOutUrl({}));
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    expect(listener.heard).toEqual([]);
    await context.close();
  });

  test('off by default: a setting of the operator', async () => {
    await operator.setSetting('token.frontchannel_logout', false);
    await expect.poll(metadata).toMatchObject({ frontchannel_logout_supported: false });
    const context = await newContext();
    const { page } = await signIn(context);
    await page.goto(signOutUrl({}));
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    expect(await page.locator('iframe').count()).toBe(0);
    await context.close();
  });
});
