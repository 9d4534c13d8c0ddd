import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Browser, hiddenFields, startTestEdge, type TestEdge } from '../testing/edge.ts';
import { password } from '../testing/fake-peers.ts';

let edge: TestEdge;
let browser: Browser;
beforeAll(async () => {
  edge = await startTestEdge();
});
afterAll(() => edge.stop());
beforeEach(() => {
  browser = new Browser(edge);
  edge.state.asked.length = 0;
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
