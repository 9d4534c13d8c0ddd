import { Decision, InteractionKind } from '@authority/contracts/token';
import { StatusError } from '@authority/errors';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Browser, hiddenFields, startTestEdge, type TestEdge } from '../../testing/edge.ts';
import { consentDetails, interaction, password } from '../../testing/fake-peers.ts';

let edge: TestEdge;
let browser: Browser;
beforeAll(async () => {
  edge = await startTestEdge();
});
afterAll(() => edge.stop());
beforeEach(() => {
  browser = new Browser(edge);
  edge.state.asked.length = 0;
  edge.state.failing.clear();
  edge.state.sessions.clear();
  edge.state.interactions.set('i1', interaction(InteractionKind.LOGIN));
});

const target = (location: unknown): string => String(location).replace('http://localhost:8080', '');

test('OpenID Connect Core §3.1.2: authorize, sign in, consent and answer, each step asked of its owner', async () => {
  const started = await browser.get('/oauth2/authorize?client_id=c1&response_type=code&scope=openid&state=xyz');
  expect(started.status).toBe(303);
  expect(target(started.headers.location)).toBe('/login?interaction=i1');

  const login = await browser.get(target(started.headers.location));
  expect(login.status).toBe(200);
  expect(login.body).toContain('Harbour Notes');

  const csrfBefore = browser.cookie('csrf');
  const signedIn = await browser.post('/login', { ...hiddenFields(login.body), email: 'ada@example.com', password });
  expect(signedIn.status).toBe(303);
  expect(target(signedIn.headers.location)).toBe('/consent?interaction=i1');
  expect(browser.cookie('session')).toBe('s-1');
  expect(browser.cookie('csrf')).not.toBe(csrfBefore);

  const consent = await browser.get('/consent?interaction=i1');
  const allowed = await browser.post('/consent', { ...hiddenFields(consent.body), decision: 'allow' });
  expect(allowed.status).toBe(303);
  expect(allowed.headers.location).toBe('https://client.example/callback?code=a+code&state=xyz&iss=http%3A%2F%2Flocalhost%3A8080');
  expect(allowed.headers['cache-control']).toBe('no-store');

  expect(edge.state.asked.map(({ rpc }) => rpc).filter((rpc) => !rpc.startsWith('getM') && !rpc.startsWith('getJ'))).toEqual([
    ...['authorize', 'getInteraction', 'startFlow', 'submitFlow', 'begin', 'authorize', 'getInteraction', 'authorize'],
  ]);
});

const asked = (rpc: string) => edge.state.asked.filter((one) => one.rpc === rpc).map(({ request }) => request);
const lastReason = () => edge.lines.map((line) => JSON.parse(line)).findLast(({ event }) => event === 'http.refused')?.reason;

test('house.md, one browser: owners learn a hash of the browser cookie, never the cookie', async () => {
  await browser.get('/oauth2/authorize?client_id=c1');
  const cookie = browser.cookie('browser') ?? '';
  expect(cookie).toHaveLength(43);
  const [{ browser: binding }] = asked('authorize') as [{ browser: string }];
  expect(binding).toHaveLength(43);
  expect(JSON.stringify(edge.state.asked)).not.toContain(cookie);

  await browser.get('/login?interaction=i1');
  expect(browser.cookie('browser')).toBe(cookie);
  expect(asked('startFlow')).toMatchObject([{ browser: binding }]);
});

test('pages.md, errors: a wrong password keeps what was typed, the secret excepted, and stays on the page', async () => {
  const login = await browser.get('/login?interaction=i1');
  const again = await browser.post('/login', { ...hiddenFields(login.body), email: 'ada@example.com', password: 'wrong-secret' });
  expect(again.status).toBe(400);
  expect(again.body).toContain('value="ada@example.com"');
  expect(again.body).not.toContain('wrong-secret');
  expect(again.body).toContain('The email or the password is not right.');
  expect(browser.cookie('session')).toBeUndefined();
});

test('pages.md, states: a throttled person is told when to try again', async () => {
  const login = await browser.get('/login?interaction=i1');
  const throttled = await browser.post('/login', { ...hiddenFields(login.body), email: 'a@b.c', password: 'throttled' });
  expect(throttled.status).toBe(429);
  expect(Number(throttled.headers['retry-after'])).toBeGreaterThan(85);
  expect(throttled.body).toContain('You can try again <bdi>in 2 minutes</bdi>.');
});

test('pages.md, errors: an expired flow begins anew with what was typed', async () => {
  const login = await browser.get('/login?interaction=i1');
  edge.state.flows.clear();
  const fresh = await browser.post('/login', { ...hiddenFields(login.body), email: 'ada@example.com', password });
  expect(fresh.status).toBe(400);
  expect(fresh.body).toContain('value="ada@example.com"');
  expect(fresh.body).toContain('was open for a long time');
  expect((await browser.post('/login', { ...hiddenFields(fresh.body), email: 'a@b.c', password })).status).toBe(303);
});

test('pages.md, errors: an interaction that has gone offers the way on, before and after the sign-in', async () => {
  const gone = await browser.get('/login?interaction=gone');
  expect(gone.status).toBe(400);
  expect(gone.body).toContain('This page has expired');
  expect(lastReason()).toBe('interaction_unknown');

  const login = await browser.get('/login?interaction=i1');
  const fields = { ...hiddenFields(login.body), interaction: 'gone' };
  const signedIn = await browser.post('/login', { ...fields, email: 'ada@example.com', password });
  expect([signedIn.status, browser.cookie('session')]).toEqual([200, expect.stringMatching(/^s-/)]);
  expect(signedIn.body).toContain('You are signed in');
});

test('house.md, what survives what: an Authorize that is away after the sign-in can be asked again by a GET', async () => {
  const login = await browser.get('/login?interaction=i1');
  edge.state.failing.set('authorize', new StatusError('UNAVAILABLE', 'store_unavailable'));
  const signedIn = await browser.post('/login', { ...hiddenFields(login.body), email: 'ada@example.com', password });
  expect([signedIn.status, target(signedIn.headers.location)]).toEqual([303, '/oauth2/authorize?interaction=i1']);
  expect(browser.cookie('session')).toBeDefined();

  const away = await browser.get('/oauth2/authorize?interaction=i1');
  expect([away.status, away.headers['retry-after']]).toEqual([503, '1']);
  edge.state.failing.clear();
  expect(target((await browser.get('/oauth2/authorize?interaction=i1')).headers.location)).toBe('/consent?interaction=i1');
});

test('registration ends as a sign-in does', async () => {
  const page = await browser.get('/registration?interaction=i1');
  expect(page.body).toContain('Create your account');
  const made = await browser.post('/registration', { ...hiddenFields(page.body), email: 'ada@example.com', name: 'Ada', password });
  expect(target(made.headers.location)).toBe('/consent?interaction=i1');
  expect(asked('submitFlow')).toMatchObject([
    { values: [{ name: 'method', value: 'password' }, { name: 'email' }, { name: 'name', value: 'Ada' }, { name: 'password' }] },
  ]);
});

test('signing in for no application leads to the account page; signing out from there ends the session', async () => {
  const login = await browser.get('/login');
  expect(target((await browser.post('/login', { ...hiddenFields(login.body), email: 'a@b.c', password })).headers.location)).toBe(
    '/account',
  );
  const account = await browser.get('/account');
  expect(account.body).toContain('Sign out');
  const session = browser.cookie('session');
  const out = await browser.post('/logout', hiddenFields(account.body));
  expect(out.body).toContain('You are signed out');
  expect(asked('end')).toMatchObject([{ session, why: 'user' }]);
  expect(browser.cookie('session')).toBeUndefined();
  expect(target((await browser.get('/account')).headers.location)).toBe('/login');
});

test('the page that an interaction no longer needs leads to the one that it does', async () => {
  edge.state.interactions.set('i1', interaction(InteractionKind.CONSENT, consentDetails));
  expect(target((await browser.get('/login?interaction=i1')).headers.location)).toBe('/consent?interaction=i1');
  expect((await browser.get('/login?interaction=i1&switch=1')).status).toBe(200);
  edge.state.interactions.set('i1', interaction(InteractionKind.UNSPECIFIED));
  expect(target((await browser.get('/consent?interaction=i1')).headers.location)).toBe('/oauth2/authorize?interaction=i1');
  edge.state.interactions.set('i1', interaction(InteractionKind.SELECT_ACCOUNT));
  expect(target((await browser.get('/consent?interaction=i1')).headers.location)).toBe('/select-account?interaction=i1');
  const page = await browser.get('/select-account?interaction=i1');
  expect((await browser.post('/select-account', hiddenFields(page.body))).headers.location).toContain(
    'https://client.example/callback?code=',
  );
  expect(asked('authorize').at(-1)).toMatchObject({ decision: Decision.CONTINUE });
});
