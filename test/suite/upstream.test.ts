import { createServer, type Server } from 'node:http';
import {
  authorityctl,
  complaintsOf,
  freePorts,
  Operator,
  screenshot,
  startBrowser,
  startOneProcess,
  type Suite,
} from '@authority/testing/suite';
import Provider from 'oidc-provider';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';
const redirectUri = (suite: Suite, id: string): string => `${suite.issuer}/upstream/${id}/callback`;

let here: Suite;
let there: Suite;
let operator: Operator;
let browser: Browser;
let foreign: { server: Server; issuer: string };

/** A certified provider of somebody else's, whose accounts are `<sub>` with the address `<sub>@foreign.example`. */
async function startForeign(
  client: { client_id: string; client_secret: string; redirect_uri: string },
  verified: (sub: string) => boolean,
) {
  const [port = 0] = await freePorts(1);
  const issuer = `http://localhost:${port}`;
  const { client_id, client_secret, redirect_uri } = client;
  const provider = new Provider(issuer, {
    clients: [{ client_id, client_secret, redirect_uris: [redirect_uri], grant_types: ['authorization_code'] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false,
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, name: 'Foreign Person', email: `${sub}@foreign.example`, email_verified: verified(sub) }),
    }),
    cookies: { keys: ['a test'] },
  });
  const server = createServer(provider.callback());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, issuer };
}

beforeAll(async () => {
  [browser, there] = await Promise.all([startBrowser(), startOneProcess()]);
  const port = new URL(there.issuer).port;
  const [httpPort = 0] = await freePorts(1);
  const issuer = `http://localhost:${httpPort}`;
  foreign = await startForeign(
    { client_id: 'authority', client_secret: 'a secret of 32 characters or more!!', redirect_uri: `${issuer}/upstream/foreign/callback` },
    (sub) => !sub.startsWith('unverified'),
  );
  here = await startOneProcess({
    env: {
      AUTHORITY_ISSUER: issuer,
      AUTHORITY_HTTP_LISTEN: `127.0.0.1:${httpPort}`,
      AUTHORITY_OUTBOUND_ALLOW: `localhost:${port},localhost:${new URL(foreign.issuer).port}`,
    },
  });
  operator = new Operator(here);
  const asClient = { client_name: 'Authority', redirect_uris: [redirectUri(here, 'second')], grant_types: ['authorization_code'] };
  const client = await new Operator(there).createClient({ ...asClient, scope: 'openid email profile' });
  await add('second', there.issuer, client.client_id, client.client_secret ?? '', '--trusts-email');
  await add('foreign', foreign.issuer, 'authority', 'a secret of 32 characters or more!!');
});

/** Operators add providers by authorityctl. */
async function add(id: string, issuer: string, client_id: string, secret: string, ...more: string[]): Promise<void> {
  const named = ['--name', id === 'second' ? 'Second' : 'Foreign', '--issuer', issuer, '--client-id', client_id];
  const ran = await authorityctl(
    here,
    ['upstream-providers', 'create', id, ...named, '--registration', '--client-secret-stdin', ...more],
    secret,
  );
  expect(ran.stderr).toBe('');
}

afterAll(async () => {
  await Promise.all([here?.stop(), there?.stop(), browser?.close()]);
  foreign?.server.close();
});

const signInThere = async (page: Page, email: string, act: 'Sign in' | 'Create account'): Promise<void> => {
  await page.waitForURL(`${there.issuer}/**`);
  if (act === 'Create account') await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: act, exact: true }).click();
  if (act === 'Create account') await page.getByRole('button', { name: 'Allow' }).click();
};

/** The development pages of oidc-provider: any name, then consent. */
const signInForeign = async (page: Page, name: string): Promise<void> => {
  await page.waitForURL(`${foreign.issuer}/**`);
  await page.locator('input[name=login]').fill(name);
  await page.locator('input[name=password]').fill('x');
  await page.locator('button[type=submit]').click();
  await page.waitForURL(`${foreign.issuer}/interaction/**`);
  await page.locator('button[type=submit]').click();
};

const accountHeading = (page: Page) => page.getByRole('heading', { name: 'Your account' });

/** A browser of its own; scripts are needed by oidc-provider's pages only. */
async function visit(): Promise<Page> {
  const context = await browser.newContext();
  return context.newPage();
}

describe('sign-in with an upstream provider (OpenID Connect Core §3.1)', () => {
  test('a second Authority signs somebody in: an account here is made once, and found again', async () => {
    const page = await visit();
    const complaints = complaintsOf(page);
    await page.goto(`${here.issuer}/login`);
    await screenshot(page, 'login-upstream');
    await page.getByRole('button', { name: 'Continue with Second' }).click();
    await signInThere(page, 'ada@example.com', 'Create account');
    await page.waitForURL(`${here.issuer}/account`);
    await page.getByText('ada@example.com').first().waitFor();
    const again = await visit();
    await again.goto(`${here.issuer}/login`);
    await again.getByRole('button', { name: 'Continue with Second' }).click();
    await signInThere(again, 'ada@example.com', 'Sign in');
    await again.waitForURL(`${here.issuer}/account`);
    await accountHeading(again).waitFor();
    await screenshot(again, 'account-upstream');
    expect(complaints).toEqual([]);
    const events = await operator.audit('action = "identity.register"');
    expect(events).toHaveLength(1);
    await Promise.all([page.context().close(), again.context().close()]);
  });

  test('oidc-provider signs somebody in; an address that is not verified there makes no account', async () => {
    const page = await visit();
    await page.goto(`${here.issuer}/login`);
    await page.getByRole('button', { name: 'Continue with Foreign' }).click();
    await signInForeign(page, 'bob');
    await page.waitForURL(`${here.issuer}/account`);
    await page.getByText('bob@foreign.example').first().waitFor();
    const other = await visit();
    await other.goto(`${here.issuer}/login`);
    await other.getByRole('button', { name: 'Continue with Foreign' }).click();
    await signInForeign(other, 'unverified-carol');
    await other.getByText('no address that was verified there').first().waitFor();
    await Promise.all([page.context().close(), other.context().close()]);
  });

  test('an equal address links nothing: the account here is proved first, in the same flow, and then both lead to it', async () => {
    const { sub } = await operator.createIdentity({ email: 'dora@foreign.example', password });
    const page = await visit();
    await page.goto(`${here.issuer}/login`);
    await page.getByRole('button', { name: 'Continue with Foreign' }).click();
    await signInForeign(page, 'dora');
    await page.getByText('There already is an account here with that address').first().waitFor();
    await screenshot(page, 'login-upstream-exists');
    // Nobody is signed in, and nothing is linked, in another browser either.
    const thief = await visit();
    await thief.goto(`${here.issuer}/login`);
    await thief.getByRole('button', { name: 'Continue with Foreign' }).click();
    await signInForeign(thief, 'dora');
    await thief.getByText('There already is an account here with that address').first().waitFor();
    expect(await operator.sessionsOf(sub)).toEqual([]);
    await page.getByLabel('Email').fill('dora@foreign.example');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForURL(`${here.issuer}/account`);
    await page.getByText('Foreign: dora@foreign.example').waitFor();
    const linked = await operator.audit(`target = "identity:${sub}"`);
    expect(linked.filter(({ action }) => action === 'upstream.link')).toHaveLength(1);
    await Promise.all([page.context().close(), thief.context().close()]);
  });

  test('the account links one more, in a real browser, and unlinks it; both need a fresh sign-in', async () => {
    await operator.createIdentity({ email: 'eve@example.com', password });
    const page = await visit();
    const complaints = complaintsOf(page);
    await page.goto(`${here.issuer}/login`);
    await page.getByLabel('Email').fill('eve@example.com');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Link Foreign' }).click();
    await signInForeign(page, 'eve');
    await page.getByText('The account is linked.').waitFor();
    await page.getByText('Foreign: eve@foreign.example').waitFor();
    await page.getByRole('button', { name: 'Unlink' }).click();
    await page.getByText('The account is not linked any more.').waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('RFC 9700 §4.7: an answer that another browser began is refused, and so is one that nobody asked for', async () => {
    const [victim, attacker] = [await visit(), await visit()];
    const states: string[] = [];
    attacker.on('request', (request) => void states.push(new URL(request.url()).searchParams.get('state') ?? ''));
    await attacker.goto(`${here.issuer}/login`);
    await attacker.getByRole('button', { name: 'Continue with Foreign' }).click();
    await attacker.waitForURL(`${foreign.issuer}/**`);
    const state = states.find((one) => one !== '') ?? '';
    expect(state).not.toBe('');
    await victim.goto(`${here.issuer}/login`);
    await victim.goto(`${here.issuer}/upstream/foreign/callback?${new URLSearchParams({ code: 'a-code', state })}`);
    await victim.getByText('This belongs to another browser').first().waitFor();
    await victim.goto(`${here.issuer}/account`);
    await victim.waitForURL(`${here.issuer}/login`);
    await victim.goto(`${here.issuer}/upstream/foreign/callback?code=made-up&state=made-up`);
    await victim.getByText('This page has expired').first().waitFor();
    await Promise.all([victim.context().close(), attacker.context().close()]);
  });
});
