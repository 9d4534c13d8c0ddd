import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { complaintsOf, type CreatedClient, Operator, request, startBrowser, startOneProcess, type Suite } from '@authority/testing/suite';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';
const email = 'watched@example.com';

/** A client's page with the frame of the server in it; `ask(message)` is what the frame answers. */
const pageOf = (issuer: string): string => `<!doctype html><title>Client</title>
<iframe id="op" src="${issuer}/oauth2/check-session" hidden></iframe>
<script>
  const ready = new Promise((resolve) => addEventListener('load', resolve));
  const ask = async (message) => {
    await ready;
    const answered = new Promise((resolve) => addEventListener('message', ({ data, origin }) => resolve([data, origin]), { once: true }));
    document.getElementById('op').contentWindow.postMessage(message, '${issuer}');
    return answered;
  };
</script>`;

let suite: Suite;
let operator: Operator;
let browser: Browser;
let site: Server;
let origin: string;
let client: CreatedClient;
beforeAll(async () => {
  [browser, suite] = await Promise.all([startBrowser(), startOneProcess()]);
  site = createServer((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(pageOf(suite.issuer)));
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  const address = site.address();
  // By the same name as the server: browsers that block third-party cookies take both for one site.
  origin = `http://localhost:${typeof address === 'object' ? address?.port : ''}`;
  operator = new Operator(suite);
  await operator.createIdentity({ email, password });
  client = await operator.createClient({
    ...{ grant_types: ['authorization_code'], scope: 'openid', consent_skipped: true },
    redirect_uris: [`${origin}/callback`],
  });
});
afterAll(async () => {
  operator?.close();
  await browser?.close();
  await suite?.stop();
  site?.closeAllConnections();
  site?.close();
});

const newContext = async (options: BrowserContextOptions = {}): Promise<BrowserContext> => {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(8_000);
  return context;
};
const metadata = async (): Promise<Record<string, unknown>> => (await request(`${suite.issuer}/.well-known/openid-configuration`)).json();
const authorizeUrl = (more: Record<string, string> = {}): string => {
  const { client_id, redirect_uri } = client;
  const query = {
    response_type: 'code',
    client_id,
    redirect_uri,
    scope: 'openid',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  };
  return `${suite.issuer}/oauth2/authorize?${new URLSearchParams({ ...query, ...more })}`;
};
async function signIn(page: Page): Promise<string> {
  await page.goto(authorizeUrl());
  if (page.url().startsWith(suite.issuer)) {
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  }
  await page.waitForURL(/callback/, { timeout: 8000 });
  return new URL(page.url()).searchParams.get('session_state') ?? '';
}
const ask = (page: Page, message: unknown): Promise<unknown> => page.evaluate(`ask(${JSON.stringify(message)})`);

describe('OpenID Connect Session Management 1.0', () => {
  test('off by default: no frame, nothing in the answers', async () => {
    expect(await metadata()).not.toHaveProperty('check_session_iframe');
    expect((await request(`${suite.issuer}/oauth2/check-session`)).status).toBe(404);
    const context = await newContext();
    expect(await signIn(await context.newPage())).toBe('');
    await context.close();
    await operator.setSetting('token.session_management', true);
    await expect.poll(metadata).toMatchObject({ check_session_iframe: `${suite.issuer}/oauth2/check-session` });
  });

  test('§2, §4.2: session_state holds while the person stays signed in, and not after', async () => {
    const context = await newContext();
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    const session_state = await signIn(page);
    expect(session_state).toMatch(/^[\w-]{43}\.[\w-]{22}$/);
    const message = `${client.client_id} ${session_state}`;
    expect(await ask(page, message)).toEqual(['unchanged', suite.issuer]);

    const other = await context.newPage();
    await other.goto(`${suite.issuer}/oauth2/logout`);
    await other.getByRole('button', { name: 'Sign out' }).click();
    await other.getByRole('heading', { name: 'You are signed out' }).waitFor();
    expect(await ask(page, message)).toEqual(['changed', suite.issuer]);
    const again = await signIn(page);
    expect(await ask(page, message)).toEqual(['changed', suite.issuer]);
    expect(await ask(page, `${client.client_id} ${again}`)).toEqual(['unchanged', suite.issuer]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('§3.1: prompt=none tells a page whether it is still the same person', async () => {
    const context = await newContext();
    const page = await context.newPage();
    await signIn(page);
    await page.goto(authorizeUrl({ prompt: 'none' }));
    const answer = new URL(page.url()).searchParams;
    expect([answer.has('code'), answer.has('session_state')]).toEqual([true, true]);
    await context.close();
  });

  test('§4.2: what is malformed is an error; another client, or another origin, learns nothing', async () => {
    const context = await newContext();
    const page = await context.newPage();
    const session_state = await signIn(page);
    for (const message of ['', 'x', `${client.client_id}`, `${client.client_id} ${session_state} x`, 5, null, { a: 1 }]) {
      expect(await ask(page, message)).toEqual(['error', suite.issuer]);
    }
    expect(await ask(page, `c_other ${session_state}`)).toEqual(['changed', suite.issuer]);
    await page.goto(page.url().replace('localhost', '127.0.0.1'));
    expect(await ask(page, `${client.client_id} ${session_state}`)).toEqual(['changed', suite.issuer]);
    await context.close();
  });

  test('attack: the cookie that scripts may read is no session', async () => {
    const context = await newContext();
    await signIn(await context.newPage());
    const cookies = await context.cookies(suite.issuer);
    const state = cookies.find(({ name }) => name.includes('state'));
    const session = cookies.find(({ name }) => name.includes('session'));
    expect([state?.httpOnly, session?.httpOnly]).toEqual([false, true]);
    expect(state?.value).not.toBe(session?.value);
    const name = session?.name ?? '';
    const asked = await request(authorizeUrl({ prompt: 'none' }), { headers: { cookie: `${name}=${state?.value}` } });
    expect(asked.headers.get('location')).toContain('error=login_required');
    await context.close();
  });
});
