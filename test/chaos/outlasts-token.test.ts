import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Answer, answersOk, type CreatedClient, Person, type Place, post, RelyingParty } from '@authority/testing/suite';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Listener, startListener } from '../specs/logout/listener.ts';
import { openStage, type Stage } from './stage.ts';

/** What the token service owes when it dies: to a device that polls, and to a client that is to be told of a logout. */

const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
const connected = 'Your device is connected';

let stage: Stage;
let listener: Listener;
let tv: CreatedClient;
let shop: CreatedClient;
beforeAll(async () => {
  listener = await startListener();
  stage = await openStage({ redis: true, env: { AUTHORITY_OUTBOUND_ALLOW: new URL(listener.origin).host } });
  // All devices of this test are at one address.
  await stage.operator.setSetting('token.device_address_requests', 1_000_000);
  tv = await stage.operator.createClient({
    client_name: 'TV',
    grant_types: [grant_type],
    scope: 'openid',
    token_endpoint_auth_method: 'none',
  });
  shop = await stage.operator.createClient({
    ...{ redirect_uris: ['http://127.0.0.1:9/callback'], grant_types: ['authorization_code'], scope: 'openid' },
    backchannel_logout_uri: `${listener.origin}/shop`,
  });
});
afterAll(async () => {
  await stage?.close();
  await listener?.close();
});

async function reviveToken(): Promise<void> {
  const token = stage.suite.process('token');
  token.restart();
  await answersOk(`${stage.suite.metrics.get('token')}/health/ready`, 10_000, token);
  // Its peers find it again in their own time: the gateway, and admin.
  const isServed = async (): Promise<boolean> => {
    const person = await stage.newPerson().catch(() => undefined);
    return person !== undefined && (await authorizeDevice()).status === 200;
  };
  await expect.poll(isServed, { timeout: 10_000, interval: 100 }).toBe(true);
}

/** Redis comes back with nothing. */
async function emptyRedis(): Promise<void> {
  const { redis } = stage.suite;
  if (!redis) throw new Error('this stage has no Redis');
  await redis.kill();
  rmSync(join(redis.folder, 'dump.rdb'), { force: true });
  await redis.restart();
}

interface Codes {
  readonly device_code: string;
  readonly user_code: string;
}

const authorizeDevice = (): Promise<Answer> => post(`${stage.suite.issuer}/oauth2/device_authorization`, { scope: 'openid' }, tv);

async function begin(): Promise<Codes> {
  const answer = await authorizeDevice();
  expect(answer.status).toBe(200);
  const { device_code, user_code } = answer.json();
  return { device_code: String(device_code), user_code: String(user_code) };
}

/** A device whose person is at the page with the two buttons. */
interface Asked extends Codes {
  decide(decision: 'allow' | 'deny'): Promise<Place>;
}

async function ask(): Promise<Asked> {
  const codes = await begin();
  const person = await stage.newPerson();
  const place = await person.visit(`${stage.suite.issuer}/device`);
  const page = await person.submit(place.url.pathname === '/login' ? await person.signIn(place) : place, { user_code: codes.user_code });
  return { ...codes, decide: (decision) => person.submit(page, { decision }) };
}

async function poll({ device_code }: Codes): Promise<string> {
  const { status, json }: Answer = await post(`${stage.suite.issuer}/oauth2/token`, { grant_type, device_code }, tv);
  return `${status} ${json()['error'] ?? 'tokens'}`;
}

/** As a device does: until there is an answer that is none of waiting. */
async function settled(codes: Codes): Promise<string> {
  let last = '';
  const isOver = async (): Promise<boolean> => {
    last = await poll(codes);
    return !/^(503|400 (authorization_pending|slow_down))/.test(last);
  };
  await expect.poll(isOver, { timeout: 10_000, interval: 200 }).toBe(true);
  return last;
}

describe('RFC 8628: token killed between the decision and the poll', () => {
  test('what was acknowledged is in force, once', async () => {
    const [allowed, denied] = await Promise.all([ask(), ask()]);
    expect((await allowed.decide('allow')).page?.text).toContain(connected);
    expect((await denied.decide('deny')).page?.text).toContain('Nothing was connected');
    await stage.suite.process('token').kill();
    await reviveToken();
    expect(await settled(allowed)).toBe('200 tokens');
    expect(await poll(allowed)).toBe('400 invalid_grant');
    expect(await settled(denied)).toBe('400 access_denied');
  });

  test('token, PostgreSQL and Redis at once: what was acknowledged is in force, what waited starts again', async () => {
    const [allowed, denied, redeemed, waiting] = await Promise.all([ask(), ask(), ask(), ask()]);
    await Promise.all([allowed.decide('allow'), denied.decide('deny'), redeemed.decide('allow')]);
    expect(await poll(redeemed)).toBe('200 tokens');
    await Promise.all([stage.suite.process('token').kill(), stage.killPostgres(), emptyRedis()]);
    await stage.startPostgres();
    await reviveToken();
    expect(await settled(redeemed)).toBe('400 invalid_grant');
    expect(await settled(allowed)).toBe('200 tokens');
    expect(await settled(allowed)).toBe('400 invalid_grant');
    expect(await settled(denied)).toBe('400 access_denied');
    expect(await settled(waiting)).toBe('400 expired_token');
    expect((await waiting.decide('allow')).page?.text).not.toContain(connected);
    expect(await settled(waiting)).toBe('400 expired_token');
  });

  test('killed while people decide: nobody is connected who was not allowed, and everybody who was told so is', async () => {
    const asked = await Promise.all(Array.from({ length: 6 }, ask));
    const decided = asked.map((one, at) => one.decide(at % 2 ? 'deny' : 'allow').then(({ page }) => page?.text ?? ''));
    await decided[0];
    await stage.suite.process('token').kill();
    const pages = await Promise.all(decided);
    await emptyRedis();
    await reviveToken();
    const outcomes = await Promise.all(asked.map(settled));
    for (const [at, outcome] of outcomes.entries()) {
      const isAllow = at % 2 === 0;
      const wasTold = /Your device is connected|Nothing was connected/.test(pages[at] ?? '');
      // Without an acknowledgement a decision may be in force or not: then the device starts again.
      const inForce = isAllow ? '200 tokens' : '400 access_denied';
      expect(wasTold ? [inForce] : [inForce, '400 expired_token']).toContain(outcome);
    }
    expect(outcomes[0]).toBe('200 tokens');
  });
});

describe('Back-Channel Logout 1.0 §2.5: token killed with a logout to tell', () => {
  const signIn = async (): Promise<{ person: Person; sid: unknown }> => {
    const person = await stage.newPerson();
    const { id_token } = await new RelyingParty(stage.suite.issuer, shop, 'openid').tokens(person);
    return { person, sid: decodeJwt(id_token)['sid'] };
  };
  const signOut = async (person: Person): Promise<Place> => person.submit(await person.visit(`${stage.suite.issuer}/logout`), {});
  const told = (): unknown[] => listener.heard.map(({ form }) => decodeJwt(form.get('logout_token') ?? '')['sid']);

  test('a client that did not answer is told by the next process, though Redis lost everything', async () => {
    listener.status = 503;
    const { person, sid } = await signIn();
    await signOut(person);
    await expect.poll(() => stage.suite.output().includes('"logout.postponed"'), { timeout: 10_000 }).toBe(true);
    await Promise.all([stage.suite.process('token').kill(), emptyRedis()]);
    listener.heard.length = 0;
    listener.status = 200;
    await reviveToken();
    await listener.until('/shop');
    expect(told()).toEqual([sid]);
  });

  test('with token dead nobody is told that they signed out; once it is back they are, and so is the client', async () => {
    const { person, sid } = await signIn();
    const form = await person.visit(`${stage.suite.issuer}/logout`);
    listener.heard.length = 0;
    await stage.suite.process('token').kill();
    expect((await person.submit(form, {})).page?.status).toBe(503);
    await reviveToken();
    expect(told()).toEqual([]);
    expect((await person.submit(form, {})).page?.text).toContain('signed out');
    await listener.until('/shop');
    expect(told()).toEqual([sid]);
  });
});
