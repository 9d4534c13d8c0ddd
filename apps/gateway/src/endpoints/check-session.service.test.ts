import { AuthorizeResponse } from '@authority/contracts/token';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Browser, startTestEdge, type TestEdge } from '../../testing/edge.ts';

let edge: TestEdge;
let browser: Browser;
beforeEach(async () => {
  edge = await startTestEdge();
  browser = new Browser(edge);
});
afterEach(() => edge.stop());

const answer = (browser_state: string) =>
  AuthorizeResponse.fromPartial({
    next: { $case: 'respond', value: { redirect_uri: 'https://client.example/cb', response_mode: 'query', parameters: [], browser_state } },
  });
const stateCookie = (headers: Record<string, string | string[] | undefined>) =>
  [headers['set-cookie'] ?? []].flat().filter((line) => line.includes('authority-state'));

test('Session Management §4.2: there while the metadata names it; framed by anybody, with one script and nothing else', async () => {
  expect((await edge.send({ path: '/oauth2/check-session' })).status).toBe(404);
  edge.state.metadata = '{"check_session_iframe":"x"}';
  await expect.poll(async () => (await edge.send({ path: '/oauth2/check-session' })).status).toBe(200);
  const page = await edge.send({ path: '/oauth2/check-session' });
  expect(page.headers['content-security-policy']).toBe(
    "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *",
  );
  expect(page.headers).not.toHaveProperty('x-frame-options');
  expect(page.headers).not.toHaveProperty('set-cookie');
  expect(page.body).toContain('data-cookie="authority-state-8080"');
  const [, script = ''] = /<script src="([^"]*)">/.exec(page.body) ?? [];
  expect((await edge.send({ path: script })).headers['content-type']).toContain('javascript');
});

test('Session Management §4.2: an answer with a state sets the one cookie that scripts may read; the same one is not set again', async () => {
  edge.state.authorize = () => answer('one');
  const first = await browser.get('/oauth2/authorize?client_id=c');
  expect(stateCookie(first.headers)).toEqual(['authority-state-8080=one; Path=/; SameSite=Lax']);
  expect(stateCookie((await browser.get('/oauth2/authorize?client_id=c')).headers)).toEqual([]);
  edge.state.authorize = () => answer('two');
  expect(stateCookie((await browser.get('/oauth2/authorize?client_id=c')).headers)).toHaveLength(1);
  const out = await browser.get('/oauth2/logout');
  expect(stateCookie(out.headers)).toEqual([]);
  edge.state.authorize = () => answer('');
  expect(stateCookie((await browser.get('/oauth2/authorize?client_id=c')).headers)).toEqual([]);
});

test('Session Management §4.2: over https it goes to frames of other sites', async () => {
  const secure = await startTestEdge({ AUTHORITY_ISSUER: 'https://login.example' });
  secure.state.authorize = () => answer('one');
  const { headers } = await secure.send({ path: '/oauth2/authorize?client_id=c' });
  expect(stateCookie(headers)).toEqual(['__Host-authority-state=one; Path=/; SameSite=None; Secure']);
  await secure.stop();
});
