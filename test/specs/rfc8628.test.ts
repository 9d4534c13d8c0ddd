import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Answer,
  type ClientCredential,
  Operator,
  Person,
  type Place,
  post,
  randomText,
  request,
  startFiveProcesses,
  type Suite,
} from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
const password = 'violet tractor hums 42 lullabies';

let suite: Suite;
let operator: Operator;
let person: Person & { sub: string };
let tv: ClientCredential;
let printer: ClientCredential;
beforeAll(async () => {
  suite = await startFiveProcesses({ redis: true, tokenReplicas: 2 });
  operator = new Operator(suite);
  person = await newPerson();
  const scope = 'openid email offline_access';
  const grant_types = [grant_type, 'refresh_token'];
  tv = await operator.createClient({ client_name: 'Harbour TV', grant_types, scope, token_endpoint_auth_method: 'none' });
  printer = await operator.createClient({ client_name: 'Printer', grant_types, scope });
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

async function newPerson(): Promise<Person & { sub: string }> {
  const email = `tv-${randomText().slice(0, 8).toLowerCase()}@example.test`;
  const { sub } = await operator.createIdentity({ email, password, name: 'Ada' });
  return Object.assign(new Person(suite.issuer, email, password), { sub });
}

interface Codes {
  device_code: string;
  user_code: string;
  verification_uri_complete: string;
}

async function begin(by: ClientCredential = tv, scope = 'openid email offline_access'): Promise<Codes> {
  const answer = await post(`${suite.issuer}/oauth2/device_authorization`, { scope }, by, { 'user-agent': 'HarbourTV/4.2 (living room)' });
  expect(answer.status).toBe(200);
  return answer.json() as unknown as Codes; // asserted member by member in the first test
}

const poll = (device_code: string, by: ClientCredential = tv): Promise<Answer> =>
  post(`${suite.issuer}/oauth2/token`, { grant_type, device_code }, by);

const outcome = async (answer: Promise<Answer>): Promise<string> => {
  const { status, json } = await answer;
  return `${status} ${json()['error'] ?? 'tokens'}`;
};

/** To the device page, through a sign-in where one is asked for. */
async function open(by: Person = person, url = `${suite.issuer}/device`): Promise<Place> {
  const place = await by.visit(url);
  return place.url.pathname === '/login' ? by.signIn(place) : place;
}

async function decide(user_code: string, decision: 'allow' | 'deny', by: Person = person): Promise<Place> {
  return by.submit(await by.submit(await open(by), { user_code }), { decision });
}

describe('RFC 8628 §3: from the codes to the tokens', () => {
  test('§3.2: the answer, and what of it is secret', async () => {
    const answer = await post(`${suite.issuer}/oauth2/device_authorization`, { scope: 'openid' }, tv);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.json()).toMatchObject({ expires_in: 600, interval: 5, verification_uri: `${suite.issuer}/device` });
    const { device_code, user_code, verification_uri_complete } = answer.json() as unknown as Codes;
    expect(user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(verification_uri_complete).toBe(`${suite.issuer}/device?user_code=${user_code}`);
    expect(device_code.length).toBeGreaterThan(43);
    expect(suite.output()).not.toContain(device_code);
    expect(suite.output()).not.toContain(user_code);
  });

  test('§3.3, §3.5: a person signs in, types the code as they like, sees who asks, and allows', async () => {
    const { device_code, user_code } = await begin();
    expect(await outcome(poll(device_code))).toBe('400 authorization_pending');
    const entered = await open();
    expect(entered.url.pathname).toBe('/device');
    const confirm = await person.submit(entered, { user_code: user_code.toLowerCase().replace('-', ' ') });
    for (const shown of ['Harbour TV', 'HarbourTV/4.2 (living room)', '127.0.0.1', user_code, 'See your email address'])
      expect(confirm.page?.text).toContain(shown);
    expect(await outcome(poll(device_code))).toBe('400 slow_down');
    const done = await person.submit(confirm, { decision: 'allow' });
    expect(done.page?.text).toContain('Your device is connected');

    const answer = await poll(device_code);
    expect(answer.json()).toMatchObject({ token_type: 'Bearer', scope: 'openid email offline_access' });
    const { access_token, refresh_token } = answer.json() as Record<string, string>;
    const userInfo = await request(`${suite.issuer}/oauth2/userinfo`, { headers: { authorization: `Bearer ${access_token}` } });
    expect(userInfo.json()).toMatchObject({ sub: person.sub, email: person.email });
    const refreshed = { grant_type: 'refresh_token', refresh_token: refresh_token ?? '' };
    expect(await outcome(post(`${suite.issuer}/oauth2/token`, refreshed, tv))).toBe('200 tokens');
    expect(await outcome(poll(device_code))).toBe('400 invalid_grant');
  });

  test('§3.3.1: verification_uri_complete fills the code in, also through a sign-in, and asks all the same', async () => {
    const { device_code, user_code, verification_uri_complete } = await begin();
    const entered = await open(await newPerson(), verification_uri_complete);
    expect(entered.page?.text).toContain(`value="${user_code}"`);
    expect(entered.page?.text).not.toContain('Harbour TV');
    expect(await outcome(poll(device_code))).toBe('400 authorization_pending');
  });

  test('§3.5: what was denied is access_denied', async () => {
    const { device_code, user_code } = await begin();
    expect((await decide(user_code, 'deny')).page?.text).toContain('Nothing was connected');
    expect(await outcome(poll(device_code))).toBe('400 access_denied');
    expect(await outcome(poll(device_code))).toBe('400 access_denied');
  });

  test('§3.5: slow_down until the device waits five seconds longer', async () => {
    await operator.setSetting('token.device_poll_interval', 1);
    const { device_code } = await begin();
    expect(await outcome(poll(device_code))).toBe('400 authorization_pending');
    await sleep(1000);
    expect(await outcome(poll(device_code))).toBe('400 authorization_pending');
    expect(await outcome(poll(device_code))).toBe('400 slow_down');
    await sleep(2000);
    expect(await outcome(poll(device_code))).toBe('400 slow_down');
  });

  test('§3.4: codes of another client, forged ones and none', async () => {
    const { device_code, user_code } = await begin();
    await decide(user_code, 'allow');
    expect(await outcome(poll(device_code, printer))).toBe('400 invalid_grant');
    const last = device_code.endsWith('A') ? 'B' : 'A';
    expect(await outcome(poll(device_code.slice(0, -1) + last))).toBe('400 invalid_grant');
    expect(await outcome(poll('nonsense'))).toBe('400 invalid_grant');
    expect(await outcome(post(`${suite.issuer}/oauth2/token`, { grant_type }, tv))).toBe('400 invalid_request');
    expect(await outcome(poll(device_code))).toBe('200 tokens');
  });

  test('§3.1: the client authenticates, and has the grant type', async () => {
    const ask = (by?: ClientCredential) => outcome(post(`${suite.issuer}/oauth2/device_authorization`, {}, by));
    expect(await ask({ ...printer, client_secret: 'wrong' })).toBe('401 invalid_client');
    expect(await ask({ client_id: printer.client_id })).toBe('401 invalid_client');
    expect(await ask()).toBe('401 invalid_client');
    const other = await operator.createClient({ grant_types: ['client_credentials'] });
    expect(await ask(other)).toBe('400 unauthorized_client');
  });

  test('§4: metadata', async () => {
    const document = (await request(`${suite.issuer}/.well-known/oauth-authorization-server`)).json();
    expect(document).toMatchObject({ device_authorization_endpoint: `${suite.issuer}/oauth2/device_authorization` });
    expect(document['grant_types_supported']).toContain(grant_type);
  });
});

describe('house.md, devices', () => {
  test('of 50 polls at once after the approval, over two replicas, one gets tokens', async () => {
    const { device_code, user_code } = await begin(printer);
    await decide(user_code, 'allow');
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcome(poll(device_code, printer))));
    expect(outcomes.filter((one) => one === '200 tokens')).toHaveLength(1);
    expect(outcomes.filter((one) => one === '400 invalid_grant')).toHaveLength(49);
  });

  test('of ten decisions at once the first is final, and the audit log has that one', async () => {
    const { device_code, user_code } = await begin();
    const people = await Promise.all([newPerson(), newPerson(), newPerson(), newPerson()]);
    const pages = await Promise.all(people.map(async (one) => one.submit(await open(one), { user_code })));
    const decided = await Promise.all(people.map((one, at) => one.submit(pages[at] as Place, { decision: at % 2 ? 'deny' : 'allow' })));
    const texts = decided.map(({ page }) => page?.text ?? '');
    const allowed = texts.filter((text) => text.includes('Your device is connected')).length;
    const denied = texts.filter((text) => text.includes('Nothing was connected')).length;
    expect(allowed + denied).toBe(1);
    expect(await outcome(poll(device_code))).toBe(allowed === 1 ? '200 tokens' : '400 access_denied');
    const actors = new Set(people.map(({ sub }) => `user:${sub}`));
    const rows = (await operator.audit()).filter(({ action, actor }) => action.startsWith('device.') && actors.has(actor));
    expect(rows.map(({ action }) => action)).toEqual([allowed === 1 ? 'device.allow' : 'device.deny']);
  });

  test('a device stays connected when its person signs out, and operators see and end its grant', async () => {
    const one = await newPerson();
    const { device_code, user_code } = await begin();
    await decide(user_code, 'allow', one);
    await one.submit(await one.visit(`${suite.issuer}/logout`), {});
    const { refresh_token } = (await poll(device_code)).json() as Record<string, string>;
    const refresh = () => post(`${suite.issuer}/oauth2/token`, { grant_type: 'refresh_token', refresh_token: refresh_token ?? '' }, tv);
    expect(await outcome(refresh())).toBe('200 tokens');
    expect(await operator.grants(`sub="${one.sub}"`)).toMatchObject([{ client_id: tv.client_id, sid: '' }]);
  });

  test('what a person allowed before they were disabled gives nothing', async () => {
    const one = await newPerson();
    const { device_code, user_code } = await begin();
    await decide(user_code, 'allow', one);
    await operator.updateIdentity(one.sub, { disabled: true });
    expect(await outcome(poll(device_code))).toBe('400 invalid_grant');
  });

  test('RFC 8628 §5.1: ten wrong codes, then 429 and when to try again; others go on', async () => {
    const one = await newPerson();
    let place = await open(one);
    for (let wrong = 0; wrong < 10; wrong++) {
      place = await one.submit(place, { user_code: 'BBBB-BBBB' });
      expect(place.page?.status).toBe(400);
    }
    const { user_code } = await begin();
    const throttled = await one.submit(place, { user_code });
    expect(throttled.page?.status).toBe(429);
    expect(Number(throttled.page?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await decide(user_code, 'allow')).page?.text).toContain('Your device is connected');
  });

  test('RFC 8628 §5.1: from one address only so many devices begin to connect', async () => {
    const tv = await operator.createClient({ grant_types: [grant_type], token_endpoint_auth_method: 'none' });
    const ask = () => post(`${suite.issuer}/oauth2/device_authorization`, {}, tv);
    expect((await ask()).status).toBe(200);
    await operator.setSetting('token.device_address_requests', 1);
    const refused = await ask();
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
    await operator.setSetting('token.device_address_requests', 100);
    expect((await ask()).status).toBe(200);
  });

  test('threat model: a page of another site, or another browser, decides nothing', async () => {
    const { device_code, user_code } = await begin();
    const confirm = await person.submit(await open(), { user_code });
    const stranger = await newPerson();
    await open(stranger);
    const url = new URL(`${suite.issuer}/device`);
    const interaction = /name="interaction" value="([^"]*)"/.exec(confirm.page?.text ?? '')?.[1] ?? '';
    const forged = await stranger.send(url, { interaction, decision: 'allow', csrf_token: stranger.cookie('csrf') ?? '' });
    expect(forged.page?.text).toContain('another browser');
    const csrf_token = person.cookie('csrf') ?? '';
    const foreign = await request(url.href, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: person.cookies, origin: 'https://evil.example' },
      body: new URLSearchParams({ interaction, decision: 'allow', csrf_token }).toString(),
    });
    expect(foreign.status).toBe(403);
    expect(await outcome(poll(device_code))).toBe('400 authorization_pending');
  });

  test('what survives what: after Redis comes back empty, what was denied or redeemed stays so, and what waits starts again', async () => {
    const [waiting, denied, allowed, redeemed] = [await begin(), await begin(), await begin(), await begin()];
    await decide(denied.user_code, 'deny');
    await decide(allowed.user_code, 'allow');
    await decide(redeemed.user_code, 'allow');
    expect(await outcome(poll(redeemed.device_code))).toBe('200 tokens');
    await suite.redis?.kill();
    await suite.redis?.restart();
    await expect.poll(() => outcome(poll(denied.device_code)), { timeout: 15_000 }).toBe('400 access_denied');
    expect(await outcome(poll(redeemed.device_code))).toBe('400 invalid_grant');
    expect(await outcome(poll(waiting.device_code))).toBe('400 expired_token');
    // The approval was acknowledged, so it is in force; and it is still used once.
    expect(await outcome(poll(allowed.device_code))).toBe('200 tokens');
    expect(await outcome(poll(allowed.device_code))).toBe('400 invalid_grant');
  });
});
