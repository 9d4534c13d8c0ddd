import { InteractionKind } from '@authority/contracts/token';
import { OAuthError, StatusError } from '@authority/errors';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Browser, hiddenFields, startTestEdge, type TestEdge } from '../../testing/edge.ts';
import { consentDetails, interaction, password, respond } from '../../testing/fake-peers.ts';

let edge: TestEdge;
let browser: Browser;
beforeAll(async () => {
  edge = await startTestEdge();
});
afterAll(() => edge.stop());
beforeEach(() => {
  browser = new Browser(edge);
  edge.state.asked.length = 0;
  edge.lines.length = 0;
  edge.state.failing.clear();
  edge.state.interactions.set('i1', interaction(InteractionKind.CONSENT, consentDetails));
});

const calls = (rpc: string) => edge.state.asked.filter((one) => one.rpc === rpc);
const reasons = () =>
  edge.lines
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === 'http.refused')
    .map(({ reason }) => reason);

test.each([
  ['another origin', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 'origin_foreign'],
  ['a sandboxed frame', { origin: 'null', 'sec-fetch-site': 'cross-site' }, 'origin_foreign'],
  ['a neighbour on the same site', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }, 'origin_foreign'],
])('OWASP CSRF: a consent that %s submits with everything right is refused', async (_, headers, reason) => {
  const page = await browser.get('/consent?interaction=i1');
  const answered = await browser.post('/consent', { ...hiddenFields(page.body), decision: 'allow' }, headers);
  expect(answered.status).toBe(403);
  expect(answered.headers['cache-control']).toBe('no-store');
  expect([reasons(), calls('authorize')]).toEqual([[reason], []]);
});

test('OWASP CSRF: a form without the token, with another, or of before a sign-in is refused and opens again', async () => {
  const page = await browser.get('/consent?interaction=i1');
  const fields = hiddenFields(page.body);
  for (const csrf_token of ['', 'x', `${fields.csrf_token}x`]) {
    const answered = await browser.post('/consent', { ...fields, csrf_token, decision: 'allow' });
    expect(answered.status).toBe(403);
    expect(answered.body).toContain('href="/consent?interaction=i1"');
  }
  const login = await browser.get('/login?interaction=i1&switch=1');
  await browser.post('/login', { ...hiddenFields(login.body), email: 'a@b.c', password });
  edge.state.asked.length = 0;
  expect((await browser.post('/consent', { ...fields, decision: 'allow' })).status).toBe(403);
  expect(calls('authorize')).toEqual([]);
});

test('house.md, one browser: a flow of another browser is a page that says so', async () => {
  const page = await browser.get('/login');
  edge.state.failing.set('submitFlow', new StatusError('PERMISSION_DENIED', 'flow_of_other_browser'));
  const answered = await browser.post('/login', { ...hiddenFields(page.body), email: 'a@b.c', password });
  expect([answered.status, reasons()]).toEqual([403, ['flow_of_other_browser']]);
  expect(answered.body).toContain('This belongs to another browser');
});

test('a POST without cookies sets none: another site cannot change what the browser holds', async () => {
  const answered = await edge.postForm('/consent', { csrf_token: 'x', interaction: 'i1', decision: 'allow' });
  expect([answered.status, answered.headers['set-cookie']]).toEqual([403, undefined]);
});

test('only the words allow and deny are decisions', async () => {
  const page = await browser.get('/consent?interaction=i1');
  for (const decision of ['', 'yes', 'ALLOW', '__proto__', 'constructor']) {
    const answered = await browser.post('/consent', { ...hiddenFields(page.body), decision });
    expect([decision, answered.status]).toEqual([decision, 400]);
  }
  expect(calls('authorize')).toEqual([]);
});

test('issue 2, bad input: tampered, repeated and malformed forms are 400 pages with one line each, and never 500', async () => {
  const page = await browser.get('/login?interaction=i1&switch=1');
  const token = hiddenFields(page.body).csrf_token ?? '';
  const own = { origin: 'null', 'sec-fetch-site': 'same-origin', cookie: [...browser.cookies].map((one) => one.join('=')).join('; ') };
  const bodies: [string, string][] = [
    [`csrf_token=${token}&flow=f1&flow=f2`, 'parameter_repeated'],
    [`csrf_token=${token}&email=%00`, 'encoding_invalid'],
    [`csrf_token=${token}&email=%ff`, 'encoding_invalid'],
    [`csrf_token=${token}&interaction=gone&flow=nothing`, 'interaction_unknown'],
  ];
  for (const [body, reason] of bodies) {
    edge.lines.length = 0;
    const answered = await edge.postForm('/login', body, own);
    expect([answered.status, answered.headers['content-type'], reasons()]).toEqual([400, 'text/html; charset=utf-8', [reason]]);
    expect(answered.body).not.toMatch(/at file:|node_modules/);
  }
  expect((await edge.send({ method: 'POST', path: '/login', headers: { ...own, 'content-type': 'text/plain' }, body: 'a' })).status).toBe(
    400,
  );
  const large = await edge.postForm('/login', `email=${'a'.repeat(70_000)}`, own);
  expect(large.status).toBe(413);
});

test('RFC 6749 §4.1.2.1: an unknown client or a foreign redirect URI is a page, never a redirect', async () => {
  edge.state.failing.set(
    'authorize',
    new OAuthError('invalid_request', 'redirect_uri_foreign', { description: 'redirect_uri is not registered.' }),
  );
  const answered = await browser.get('/oauth2/authorize?client_id=c1&redirect_uri=https://evil.example');
  expect([answered.status, answered.headers.location, answered.headers['cache-control']]).toEqual([400, undefined, 'no-store']);
  expect(answered.body).toContain('This request cannot be used');
  expect(answered.body).toContain('redirect_uri is not registered.');
  expect(answered.body).not.toContain('evil.example');
  const reference = /<code>([0-9a-f-]{14})<\/code>/.exec(answered.body)?.[1];
  expect(edge.lines.map((line) => JSON.parse(line)).find(({ event }) => event === 'http.refused')).toMatchObject({
    reason: 'redirect_uri_foreign',
    reference,
  });
});

test('RFC 6749 §4.1.2.1: repeated parameters of an authorization request are for its owner to judge', async () => {
  await browser.get('/oauth2/authorize?client_id=a&scope=b&scope=c');
  expect(calls('authorize')[0]?.request).toMatchObject({ parameters: [{ name: 'client_id' }, { name: 'scope' }, { name: 'scope' }] });
});

test('RFC 6749 §3.1: malformed and NUL parameters of an authorization request are a page', async () => {
  for (const query of ['state=%00', 'state=%ff', 'state=%']) {
    const answered = await browser.get(`/oauth2/authorize?${query}`);
    expect([query, answered.status, answered.headers.location]).toEqual([query, 400, undefined]);
  }
  expect(calls('authorize')).toEqual([]);
});

test('house.md, walks: a POST from another site is stored unbound and answered 303 to a GET that reads the cookies', async () => {
  await browser.get('/oauth2/authorize?client_id=c1');
  edge.state.asked.length = 0;
  // The browser withholds SameSite=Lax cookies from such a POST.
  const posted = await edge.postForm(
    '/oauth2/authorize',
    { client_id: 'c1', state: 's' },
    { origin: 'https://client.example', 'sec-fetch-site': 'cross-site' },
  );
  expect([posted.status, posted.headers.location]).toEqual([303, 'http://localhost:8080/oauth2/authorize?interaction=r1']);
  expect(posted.headers['set-cookie']).toBeUndefined();
  expect(calls('authorize')[0]?.request).toMatchObject({
    cross_site: true,
    session: '',
    browser: '',
    parameters: [{ name: 'client_id' }, { name: 'state' }],
  });

  const resumed = await browser.get('/oauth2/authorize?interaction=r1');
  expect(resumed.headers.location).toBe('http://localhost:8080/login?interaction=i1');
  expect(calls('authorize')[1]?.request).toMatchObject({
    cross_site: false,
    interaction: 'r1',
    parameters: [],
    browser: expect.stringMatching(/^.{43}$/),
  });
});

test('RFC 6749 §3.1: interaction beside other parameters is an unknown parameter', async () => {
  await browser.get('/oauth2/authorize?client_id=c1&interaction=i1');
  expect(calls('authorize')[0]?.request).toMatchObject({ interaction: '', parameters: [{ name: 'client_id' }, { name: 'interaction' }] });
});

test('OAuth 2.0 Form Post Response Mode §2: a page that posts to the client, with a button where scripts are off', async () => {
  edge.state.authorize = () => respond('https://client.example/callback?a="b', 'form_post', '"><script>alert(1)</script>');
  const answered = await browser.get('/oauth2/authorize?client_id=c1');
  expect(answered.status).toBe(200);
  expect(answered.body).toContain('action="https://client.example/callback?a=&quot;b"');
  expect(answered.body).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
  expect(answered.body).toMatch(/<script src="\/assets\/form-post\.[0-9a-f]{12}\.js" defer>/);
  expect(answered.body).toContain('>Continue</button>');
  expect(answered.headers['content-security-policy']).not.toContain('form-action');

  edge.state.authorize = () => respond('javascript:alert(1)', 'form_post');
  expect((await browser.get('/oauth2/authorize?client_id=c1')).status).toBe(500);
  edge.state.authorize = () => respond('javascript:alert(1)', 'query');
  expect((await browser.get('/oauth2/authorize?client_id=c1')).status).toBe(500);
  edge.state.authorize = () => respond('https://client.example/callback', 'fragment');
  expect((await browser.get('/oauth2/authorize?client_id=c1')).headers.location).toMatch(/callback#code=a\+code&state=xyz/);
});

test('CSP 3, RFC 6797: every page has the strict headers; pages whose form may end at a client name no form-action', async () => {
  const page = await browser.get('/login');
  expect(page.headers).toMatchObject({
    'content-security-policy':
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'x-frame-options': 'DENY',
  });
  expect(page.headers['permissions-policy']).toContain('camera=()');
  expect(page.headers['strict-transport-security']).toBeUndefined();
  const problem = await browser.get('/login?interaction=gone');
  expect(problem.headers['content-security-policy']).toContain("form-action 'none'");
});

test('a service that is away is a page with Retry-After that asks again', async () => {
  edge.state.failing.set('getInteraction', new StatusError('UNAVAILABLE', 'peer_unavailable', { retryAfterMs: 2000 }));
  const answered = await browser.get('/login?interaction=i1');
  expect([answered.status, answered.headers['retry-after']]).toEqual([503, '2']);
  expect(answered.body).toContain('Try again</a>');
});

test('contract.md: the same steps as JSON, with the same checks', async () => {
  edge.state.interactions.set('i1', interaction(InteractionKind.LOGIN));
  const path = '/self-service/v1/login';
  const shown = JSON.parse((await browser.get(`${path}?interaction=i1`)).body);
  expect(shown).toMatchObject({ screen: 'login', interaction: 'i1', details: { client: { client_name: 'Harbour Notes' } } });
  const { flow, csrf_token } = shown;
  expect((await browser.postJson(path, { flow, csrf_token: 'x', interaction: 'i1' })).status).toBe(403);
  const wrong = await browser.postJson(path, { flow, csrf_token, interaction: 'i1', email: 'a@b.c', password: 'no' });
  expect([wrong.status, JSON.parse(wrong.body).forms[0].messages[0].id]).toEqual([400, 'credentials_wrong']);
  const done = await browser.postJson(path, { flow, csrf_token, interaction: 'i1', email: 'a@b.c', password });
  expect(JSON.parse(done.body)).toEqual({ redirect_to: 'http://localhost:8080/consent?interaction=i1' });
  const consent = JSON.parse((await browser.get('/self-service/v1/consent?interaction=i1')).body);
  const allowed = await browser.postJson('/self-service/v1/consent', {
    interaction: 'i1',
    csrf_token: consent.csrf_token,
    decision: 'allow',
  });
  expect(JSON.parse(allowed.body).redirect_to).toMatch(/^https:\/\/client\.example\/callback\?code=/);
  expect((await browser.postJson(path, { flow: ['x'] as unknown as string })).status).toBe(400);
});
