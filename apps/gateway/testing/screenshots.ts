import { mkdirSync } from 'node:fs';
import { InteractionKind } from '@authority/contracts/token';
import { OAuthError, StatusError } from '@authority/errors';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { gatewayConfig } from '../src/config.ts';
import { startEdge } from '../src/gateway.ts';
import { consentDetails, fakePeers, type FakeState, interaction, password, respond } from './fake-peers.ts';

/**
 * Looks at every page in a real browser, narrow and wide, light and dark, and keeps the pictures in docs/pages. Fails when
 * a page logs a CSP violation or scrolls sideways. Run: npm run pages -w @authority/app-gateway
 */
const folder = process.argv[2] ?? 'docs/pages';
const port = 18_089;
const base = `http://localhost:${port}`;

type Visit = (page: Page, state: FakeState) => Promise<unknown>;

const scopes = [
  ...consentDetails.scopes,
  { name: 'notes.write', description: 'Create and change notes for you' },
  { name: 'phone', granted_before: true },
];
const documents = {
  client_id: 'c1',
  client_name: 'Harbour Notes',
  policy_uri: 'https://notes.example/privacy',
  tos_uri: 'https://notes.example/terms',
};

const signIn = async (page: Page, typed: string): Promise<void> => {
  await page.getByLabel('Email').fill('ada@example.com');
  await page.getByLabel('Password').fill(typed);
  await page.getByRole('button', { name: /Sign in|Create account/ }).click();
};

/** Through the sign-in that /device asks for, and back. */
const toDevice = async (page: Page, url: string): Promise<void> => {
  await page.goto(url);
  await signIn(page, password);
  await page.getByLabel('Code').waitFor();
};

const visits: Record<string, Visit> = {
  login: (page) => page.goto(`${base}/login?interaction=i1`),
  'login-error': async (page) => {
    await page.goto(`${base}/login?interaction=i1`);
    await signIn(page, 'wrong');
    await page.locator('.summary').waitFor();
  },
  'login-throttled': async (page) => {
    await page.goto(`${base}/login?interaction=i1`);
    await signIn(page, 'throttled');
    await page.locator('.summary').waitFor();
  },
  'login-again': (page, state) => {
    state.interactions.set('i1', interaction(InteractionKind.LOGIN, { reauthenticate: true, signed_in_as: 'ada@example.com' }));
    return page.goto(`${base}/login?interaction=i1`);
  },
  registration: (page) => page.goto(`${base}/registration?interaction=i1`),
  'registration-error': async (page) => {
    await page.goto(`${base}/registration?interaction=i1`);
    await signIn(page, 'short');
    await page.locator('.summary').waitFor();
  },
  consent: (page, state) => {
    state.interactions.set('i1', interaction(InteractionKind.CONSENT, { ...consentDetails, client: documents, scopes }));
    return page.goto(`${base}/consent?interaction=i1`);
  },
  'select-account': (page, state) => {
    state.interactions.set('i1', interaction(InteractionKind.SELECT_ACCOUNT, { signed_in_as: 'ada@example.com' }));
    return page.goto(`${base}/select-account?interaction=i1`);
  },
  account: async (page) => {
    await page.goto(`${base}/login`);
    await signIn(page, password);
    await page.waitForURL(/account/);
  },
  device: async (page) => {
    await toDevice(page, `${base}/device`);
  },
  'device-error': async (page) => {
    await toDevice(page, `${base}/device`);
    await page.getByLabel('Code').fill('WDJB-MJHX');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.locator('.summary').waitFor();
  },
  'device-confirm': async (page) => {
    await toDevice(page, `${base}/device`);
    await page.getByLabel('Code').fill('WDJB-MJHT');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Allow' }).waitFor();
  },
  'device-allowed': async (page) => {
    await visits['device-confirm']?.(page, {} as FakeState); // which it does not look at
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByText('connected').first().waitFor();
  },
  'sign-out': async (page, state) => {
    await page.goto(`${base}/login`);
    await signIn(page, password);
    await page.waitForURL(/account/);
    state.endSession = { ...state.endSession, confirm: true, client: { ...documents, client_uri: '', logo_uri: '' } };
    return page.goto(`${base}/oauth2/logout?client_id=c1`);
  },
  'signed-out': (page) => page.goto(`${base}/oauth2/logout`),
  'signed-out-frames': (page, state) => {
    const frontchannel_logout_uris = ['https://client.invalid/out'];
    state.endSession = { ...state.endSession, redirect_uri: 'https://client.invalid/bye', frontchannel_logout_uris };
    return page.route('**/signed-out.*.js', (route) => route.abort()).then(() => page.goto(`${base}/oauth2/logout`));
  },
  'form-post': async (page, state) => {
    state.authorize = () => respond('https://client.invalid/callback', 'form_post');
    await page.route('**/form-post.*.js', (route) => route.abort());
    await page.goto(`${base}/oauth2/authorize?client_id=c1`);
  },
  'problem-request': async (page, state) => {
    state.failing.set(
      'authorize',
      new OAuthError('invalid_request', 'redirect_uri_foreign', { description: 'redirect_uri is not registered for this client.' }),
    );
    await page.goto(`${base}/oauth2/authorize?client_id=c1`);
    await page.getByText('Details for developers').click();
  },
  'problem-expired': (page) => page.goto(`${base}/login?interaction=gone`),
  'problem-stale': async (page, state) => {
    await page.goto(`${base}/login?interaction=i1`);
    await page.context().clearCookies();
    await signIn(page, password);
    await page.getByText('out of date').waitFor();
    state.failing.clear();
  },
  'problem-unavailable': (page, state) => {
    state.failing.set('getInteraction', new StatusError('UNAVAILABLE', 'store_unavailable', { retryAfterMs: 1000 }));
    return page.goto(`${base}/login?interaction=i1`);
  },
  'problem-fault': (page, state) => {
    state.failing.set('getInteraction', new Error('a fault'));
    return page.goto(`${base}/login?interaction=i1`);
  },
  'problem-not-found': (page) => page.goto(`${base}/nothing-here`),
};

const looks = [
  { width: 360, colorScheme: 'light' },
  { width: 360, colorScheme: 'dark' },
  { width: 1440, colorScheme: 'light' },
  { width: 1440, colorScheme: 'dark' },
] as const;

const expected = /Failed to load resource/;

async function look(context: BrowserContext, state: FakeState, name: string, file: string): Promise<string[]> {
  const faults: string[] = [];
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' && !expected.test(message.text())) faults.push(`${file}: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`${file}: ${error.message}`));
  await visits[name]?.(page, state);
  const sideways = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  if (sideways) faults.push(`${file}: scrolls sideways`);
  const small = await page.evaluate(
    `[...document.querySelectorAll('button, input:not([type=hidden]), .alone a, p.aside > a')].filter((e) => e.getBoundingClientRect().height < 43.5).map((e) => e.outerHTML)`,
  );
  for (const one of small as string[]) faults.push(`${file}: target under 44 px: ${one}`);
  await page.screenshot({ path: `${folder}/${file}.png`, fullPage: true });
  await page.close();
  return faults;
}

async function main(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const faults: string[] = [];
  const only = process.argv[3];
  for (const name of Object.keys(visits).filter((one) => only === undefined || one.startsWith(only))) {
    for (const { width, colorScheme } of looks) {
      const { peers, state } = fakePeers();
      const edge = await startEdge(gatewayConfig({ AUTHORITY_ISSUER: base, AUTHORITY_HTTP_LISTEN: `localhost:${port}` }), peers);
      const context = await browser.newContext({ viewport: { width, height: width === 360 ? 740 : 900 }, colorScheme });
      faults.push(...(await look(context, state, name, `${name}-${width}-${colorScheme}`)));
      await context.close();
      await edge.stop();
    }
  }
  await browser.close();
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

await main();
