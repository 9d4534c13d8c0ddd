import { EndSessionResponse } from '@authority/contracts/token';
import { StatusError } from '@authority/errors';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Browser, hiddenFields, startTestEdge, type TestEdge } from '../../testing/edge.ts';
import { password } from '../../testing/fake-peers.ts';

let edge: TestEdge;
let browser: Browser;
beforeAll(async () => {
  edge = await startTestEdge();
});
afterAll(() => edge.stop());
beforeEach(async () => {
  browser = new Browser(edge);
  edge.state.failing.clear();
  edge.state.endSession = EndSessionResponse.fromPartial({});
  const login = await browser.get('/login');
  await browser.post('/login', { ...hiddenFields(login.body), email: 'a@b.c', password });
  edge.state.asked.length = 0;
});

const calls = (rpc: string) => edge.state.asked.filter((one) => one.rpc === rpc).map(({ request }) => request);
const redirect = { redirect_uri: 'https://client.example/bye?x=1', parameters: [{ name: 'state', value: 's' }] };

test('RP-Initiated Logout §2: a hint that proves itself ends the session without a question and goes back', async () => {
  edge.state.endSession = EndSessionResponse.fromPartial(redirect);
  const out = await browser.get('/oauth2/logout?id_token_hint=h&post_logout_redirect_uri=https%3A%2F%2Fclient.example%2Fbye&state=s');
  expect([out.status, out.headers.location]).toEqual([303, 'https://client.example/bye?x=1&state=s']);
  expect(calls('end')).toMatchObject([{ why: 'client' }]);
  expect(browser.cookie('session')).toBeUndefined();
});

test('RP-Initiated Logout §2: otherwise the person is asked, and the form carries the request to be judged again', async () => {
  edge.state.endSession = EndSessionResponse.fromPartial({
    ...redirect,
    confirm: true,
    client: { client_id: 'c1', client_name: 'Harbour Notes' },
  });
  const page = await browser.get('/oauth2/logout?client_id=c1&state=s');
  expect(page.body).toContain('Sign out?');
  expect(page.body).toContain('Harbour Notes');
  expect(calls('end')).toEqual([]);

  const out = await browser.post('/logout', hiddenFields(page.body));
  expect(out.headers.location).toBe('https://client.example/bye?x=1&state=s');
  expect(calls('endSession').at(-1)).toMatchObject({
    confirmed: true,
    parameters: [
      { name: 'client_id', value: 'c1' },
      { name: 'state', value: 's' },
    ],
  });
  expect(calls('end')).toMatchObject([{ why: 'user' }]);
});

test('RP-Initiated Logout §2: the form carries nothing else, and no csrf_token but its own', async () => {
  edge.state.endSession = EndSessionResponse.fromPartial({ confirm: true });
  const { body } = await browser.get('/oauth2/logout?csrf_token=x&decision=allow&state=s');
  expect(hiddenFields(body)).toEqual({ csrf_token: browser.cookie('csrf'), state: 's' });
  expect((await browser.post('/logout', hiddenFields(body))).status).toBe(200);
});

test('OWASP CSRF: nobody else can confirm a sign-out', async () => {
  edge.state.endSession = EndSessionResponse.fromPartial({ confirm: true });
  expect((await browser.post('/logout', { csrf_token: 'x' })).status).toBe(403);
  const again = await browser.post('/oauth2/logout', { confirmed: 'true' });
  expect(again.body).toContain('Sign out?');
  expect(calls('end')).toEqual([]);
});

test('RP-Initiated Logout §2: a POST from another site comes back as a GET with the cookies', async () => {
  const sent = { id_token_hint: 'h', state: 's', other: 'x' };
  const posted = await edge.postForm('/oauth2/logout', sent, { origin: 'https://client.example', 'sec-fetch-site': 'cross-site' });
  expect([posted.status, posted.headers.location]).toEqual([303, 'http://localhost:8080/oauth2/logout?id_token_hint=h&state=s']);
  const long = await edge.postForm('/oauth2/logout', { ...sent, id_token_hint: 'h'.repeat(20_000) }, { origin: 'https://client.example' });
  expect(long.headers.location).toBe('http://localhost:8080/oauth2/logout?state=s');
  expect(calls('endSession')).toEqual([]);
});

test('a session store that is away does not look like a sign-out', async () => {
  edge.state.failing.set('end', new StatusError('UNAVAILABLE', 'store_unavailable'));
  const out = await browser.get('/oauth2/logout?id_token_hint=h');
  expect(out.status).toBe(503);
  expect(browser.cookie('session')).toBeDefined();
});

test('Front-Channel Logout §4: the pages of clients are framed, then the browser goes on, with or without scripts', async () => {
  const frames = ['https://one.example/out?iss=i&sid=s', 'https://two.example:8443/out', 'https://one.example/again'];
  edge.state.endSession = EndSessionResponse.fromPartial({ ...redirect, frontchannel_logout_uris: frames });
  const out = await browser.get('/oauth2/logout?id_token_hint=h');
  expect(out.status).toBe(200);
  expect(out.headers['content-security-policy']).toMatch(
    /; form-action 'none'; frame-src https:\/\/one\.example https:\/\/two\.example:8443$/,
  );
  expect([...out.body.matchAll(/<iframe src="([^"]*)" sandbox="allow-scripts allow-same-origin"/g)].map(([, uri]) => uri)).toEqual([
    'https://one.example/out?iss=i&amp;sid=s',
    ...frames.slice(1),
  ]);
  expect(out.body).toContain('<meta http-equiv="refresh" content="5; url=https://client.example/bye?x=1&amp;state=s">');
  expect(out.body).toContain('<a href="https://client.example/bye?x=1&amp;state=s" data-continue>Continue</a>');
  expect(calls('end')).toHaveLength(1);
  edge.state.endSession = EndSessionResponse.fromPartial({ frontchannel_logout_uris: frames });
  const stays = await browser.get('/oauth2/logout');
  expect(stays.body).toContain('<iframe');
  expect(stays.body).not.toContain('http-equiv="refresh"');
});

test('CSP §2.2: the address of a client that would end a directive, or begin a policy, is in none, and its page is not loaded', async () => {
  const hostile = ['https://a;sandbox/out', 'https://b,sandbox/out', "https://c';x/out", 'https://*.example/out'];
  edge.state.endSession = EndSessionResponse.fromPartial({ frontchannel_logout_uris: [...hostile, 'https://[2001:db8::1]:8443/out'] });
  const policyOf = async () => (await browser.get('/oauth2/logout')).headers['content-security-policy'];
  expect(await policyOf()).toMatch(/; form-action 'none'; frame-src https:\/\/\[2001:db8::1\]:8443$/);
  edge.state.endSession = EndSessionResponse.fromPartial({ frontchannel_logout_uris: hostile });
  expect(await policyOf()).toMatch(/; form-action 'none'$/);
});
