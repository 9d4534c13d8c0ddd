import { OAuthError, StatusError } from '@authority/errors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Browser, hiddenFields, startTestEdge, type TestEdge } from '../../testing/edge.ts';
import { password } from '../../testing/fake-peers.ts';

let edge: TestEdge;
let browser: Browser;
beforeEach(async () => {
  edge = await startTestEdge();
  browser = new Browser(edge);
});
afterEach(() => edge.stop());

const base = 'http://localhost:8080';

/** Through the sign-in that the page asks for. */
async function signedIn(path = '/device'): Promise<string> {
  const asked = await browser.get(path);
  expect(asked.headers['location']).toBe(`${base}/login?interaction=dv_1`);
  const login = await browser.get('/login?interaction=dv_1');
  expect(login.body).toContain('to connect a device');
  const { headers } = await browser.post('/login', { ...hiddenFields(login.body), email: 'a@b.c', password });
  expect(headers['location']).toBe(`${base}/device?interaction=dv_1`);
  return '/device?interaction=dv_1';
}

const calls = () => edge.state.asked.filter(({ rpc }) => rpc === 'decideDevice').map(({ request }) => request);

describe('RFC 8628 §3.3: the device pages', () => {
  test('sign in, type the code, see who asks, allow', async () => {
    const enter = await browser.get(await signedIn());
    expect(enter.status).toBe(200);
    expect(enter.body).toContain('<label for="user_code">Code</label>');
    const typed = await browser.post('/device', { ...hiddenFields(enter.body), user_code: ' WDJB-MJHT ' });
    expect([typed.status, typed.headers['location']]).toEqual([303, `${base}/device?interaction=dv_1`]);
    const confirm = await browser.get('/device?interaction=dv_1');
    expect(confirm.body).toContain('Harbour TV');
    expect(confirm.body).toContain('HarbourTV/4.2');
    const done = await browser.post('/device', { ...hiddenFields(confirm.body), decision: 'allow' });
    expect([done.status, done.body.includes('Your device is connected')]).toEqual([200, true]);
    expect(calls()).toContainEqual(expect.objectContaining({ interaction: 'dv_1', user_code: 'WDJB-MJHT' }));
  });

  test('a code that is none comes back with what was wrong, beside the field and above', async () => {
    const enter = await browser.get(await signedIn());
    const wrong = await browser.post('/device', { ...hiddenFields(enter.body), user_code: 'BBBB-BBBB' });
    expect(wrong.status).toBe(400);
    expect(wrong.body).toMatch(/role="alert"[\s\S]*There is no such code/);
    expect(wrong.body).toContain('value="BBBB-BBBB"');
    const empty = await browser.post('/device', { ...hiddenFields(enter.body), user_code: ' ' });
    expect([empty.status, empty.body.includes('Fill in this field.')]).toEqual([400, true]);
  });

  test('§3.3.1: a link fills the code in and does no more', async () => {
    await signedIn();
    edge.state.asked.length = 0;
    await browser.get('/device?user_code=WDJB-MJHT&decision=allow');
    expect(calls()).toMatchObject([{ interaction: '', user_code: 'WDJB-MJHT', decision: 0 }]);
    edge.state.asked.length = 0;
    await browser.get('/device?interaction=dv_1&user_code=WDJB-MJHT');
    expect(calls()).toMatchObject([{ interaction: 'dv_1', user_code: '' }]);
  });
});

test('house.md, threat model: no decision without our form, our cookie and one of two words', async () => {
  const confirm = await browser.get(await signedIn());
  const fields = hiddenFields(confirm.body);
  const foreign = await browser.post(
    '/device',
    { ...fields, decision: 'allow' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  );
  const forged = await browser.post('/device', { ...fields, csrf_token: 'x', decision: 'allow' });
  const unclear = await browser.post('/device', { ...fields, decision: 'yes' });
  expect([foreign.status, forged.status, unclear.status]).toEqual([403, 403, 400]);
  expect(calls().filter((call) => (call as { decision: number }).decision !== 0)).toEqual([]);
});

test('RFC 8628 §5.1: a throttled person is told when to try again, like at every other page', async () => {
  const enter = await browser.get(await signedIn());
  edge.state.failing.set('decideDevice', new StatusError('RESOURCE_EXHAUSTED', 'throttled_person', { retryAfterMs: 90_000 }));
  const throttled = await browser.post('/device', { ...hiddenFields(enter.body), user_code: 'BBBB-BBBB' });
  expect([throttled.status, throttled.headers['retry-after']]).toEqual([429, '90']);
  expect(throttled.body).toContain('You can try again');
});

test('contract.md, HTTP: the same steps as JSON', async () => {
  const path = '/self-service/v1/device';
  expect(JSON.parse((await browser.get(path)).body)).toEqual({ redirect_to: `${base}/login?interaction=dv_1` });
  await signedIn();
  const enter = JSON.parse((await browser.get(path)).body);
  expect(enter).toMatchObject({ screen: 'device', state: 'enter', interaction: 'dv_1' });
  const { csrf_token, interaction } = enter;
  const wrong = await browser.postJson(path, { csrf_token, interaction, user_code: 'BBBB-BBBB' });
  expect([wrong.status, JSON.parse(wrong.body)]).toMatchObject([400, { state: 'unknown', user_code: 'BBBB-BBBB' }]);
  await browser.postJson(path, { csrf_token, interaction, user_code: 'WDJB-MJHT' });
  const confirm = JSON.parse((await browser.get(`${path}?interaction=dv_1`)).body);
  expect(confirm).toMatchObject({ state: 'confirm', client: { client_name: 'Harbour TV' }, origin: { same_address: true } });
  const done = await browser.postJson(path, { csrf_token, interaction, decision: 'deny' });
  expect(JSON.parse(done.body)).toMatchObject({ state: 'denied' });
});

describe('RFC 8628 §3.1: POST /oauth2/device_authorization', () => {
  test('answers JSON that nobody keeps', async () => {
    const answered = await edge.postForm('/oauth2/device_authorization', { client_id: 'tv', scope: 'openid' }, { 'user-agent': 'TV/1' });
    expect(answered.status).toBe(200);
    expect(answered.headers['cache-control']).toBe('no-store');
    expect(JSON.parse(answered.body)).toMatchObject({ device_code: 'dc', user_code: 'WDJB-MJHT', expires_in: 600, interval: 5 });
    const { request, options } = edge.state.asked.find(({ rpc }) => rpc === 'authorizeDevice') ?? {};
    expect(request).toMatchObject({ evidence: { user_agent: 'TV/1', peer_address: '127.0.0.1' } });
    expect(options).toEqual({ lane: 'store', idempotent: false });
  });

  test('§3.5: its errors, and those of a poll, are those of the token endpoint', async () => {
    edge.state.failing.set('authorizeDevice', new OAuthError('unauthorized_client', 'grant_type_not_allowed'));
    const refused = await edge.postForm('/oauth2/device_authorization', { client_id: 'tv' });
    expect([refused.status, JSON.parse(refused.body)]).toEqual([
      400,
      { error: 'unauthorized_client', error_description: expect.any(String) },
    ]);
    edge.state.failing.set('exchange', new OAuthError('slow_down', 'device_polled_too_fast', { description: 'wait longer' }));
    const poll = await edge.postForm('/oauth2/token', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'dc' });
    expect([poll.status, JSON.parse(poll.body)]).toEqual([400, { error: 'slow_down', error_description: 'wait longer' }]);
    edge.lines.length = 0;
    edge.state.failing.set('exchange', new OAuthError('authorization_pending', 'device_pending'));
    const waits = await edge.postForm('/oauth2/token', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'dc' });
    expect(JSON.parse(waits.body)).toMatchObject({ error: 'authorization_pending' });
    // Each device asks every few seconds: a line for each would bury the others.
    expect(edge.lines).toEqual([]);
    const { status } = await edge.send({ path: '/oauth2/device_authorization' });
    expect(status).toBe(405);
  });
});
