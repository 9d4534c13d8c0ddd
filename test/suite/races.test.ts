import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Answer,
  type Collector,
  type CreatedClient,
  metric,
  Operator,
  Person,
  pipelined,
  RelyingParty,
  served,
  startCollector,
  startFiveProcesses,
  type Suite,
  tokensOf,
} from '@authority/testing/suite';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';

let suite: Suite;
let collector: Collector;
let operator: Operator;
let person: Person;
/** Confidential: its refresh tokens stay. */
let web: CreatedClient;
/** Public: its refresh tokens rotate. */
let app: CreatedClient;
beforeAll(async () => {
  collector = await startCollector();
  suite = await startFiveProcesses({ tokenReplicas: 2, env: collector.env });
  operator = new Operator(suite);
  await operator.createIdentity({ email: 'racer@example.com', password });
  person = new Person(suite.issuer, 'racer@example.com', password);
  const metadata = {
    redirect_uris: ['http://127.0.0.1:9/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'openid email offline_access',
  };
  web = await operator.createClient(metadata);
  app = await operator.createClient({ ...metadata, token_endpoint_auth_method: 'none' });
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
  await collector?.close();
});

const party = (client: CreatedClient): RelyingParty => new RelyingParty(suite.issuer, client);
const errorsOf = (answers: readonly Answer[]): Set<string> =>
  new Set(answers.map(({ status, json }) => `${status} ${json()['error'] ?? ''}`));
const times = <T>(count: number, make: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: count }, make));
const shareOf = (name: string): Promise<number> => served(suite.metrics.get(name) ?? '', 'Exchange');

/** How the two replicas shared what happened in `work`. */
async function shares(work: () => Promise<unknown>): Promise<number[]> {
  const before = [await shareOf('token'), await shareOf('token-2')];
  await work();
  const after = [await shareOf('token'), await shareOf('token-2')];
  return after.map((count, at) => count - (before[at] ?? 0));
}

/** No token that came from this code or family is taken anywhere: looked at often enough to meet both replicas. */
async function expectNothingActive(
  client: CreatedClient,
  tokens: readonly { access_token: string; refresh_token: string }[],
): Promise<void> {
  for (const { access_token, refresh_token } of tokens) {
    const confidential = client.client_secret !== undefined;
    const look = (): Promise<boolean[]> => (confidential ? times(6, () => party(client).isActive(access_token)) : Promise.resolve([]));
    // The replica that did not revoke it hears of it within a second (house.md, "One revocation set"); then it stays so.
    await expect.poll(look, { timeout: 1000, interval: 50 }).not.toContain(true);
    expect(await look()).not.toContain(true);
    const shown = await times(6, async () => (await party(client).userInfo(access_token)).status);
    expect(new Set(shown)).toEqual(new Set([401]));
    expect(errorsOf(await times(4, () => party(client).refresh(refresh_token)))).toEqual(new Set(['400 invalid_grant']));
  }
}

describe('RFC 6749 §4.1.2: a code is redeemed once', () => {
  test('64 redemptions of one code in one batch: one 200, 63 invalid_grant, and nothing of it stays active', async () => {
    const { code, verifier } = await party(web).code(person);
    const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: web.redirect_uri };
    const begun = collector.spans.length;
    const answers = await pipelined(`${suite.issuer}/oauth2/token`, form, web, 64);
    const won = answers.filter(({ status }) => status === 200);
    const lost = answers.filter(({ status, body }) => status === 400 && body['error'] === 'invalid_grant');
    expect([won.length, lost.length]).toEqual([1, 63]);
    const issued = won.map(({ body }) => ({ access_token: String(body['access_token']), refresh_token: String(body['refresh_token']) }));
    await expectNothingActive(web, issued);

    // All 64 were items of one batch: they were served in one replica, within one call.
    const items = (await collector.until((spans) => itemsOf(spans.slice(begun)).length >= 64)).slice(begun);
    expect(new Set(itemsOf(items).map(({ service }) => service)).size).toBe(1);
  });

  test('100 parallel redemptions over two token replicas that each did their share: one 200, 99 invalid_grant', async () => {
    const code = await party(web).code(person);
    let answers: Answer[] = [];
    const [one = 0, other = 0] = await shares(async () => {
      answers = await times(100, () => party(web).redeem(code));
    });
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect(errorsOf(answers.filter(({ status }) => status !== 200))).toEqual(new Set(['400 invalid_grant']));
    expect(one + other).toBe(100);
    expect(Math.min(one, other)).toBeGreaterThan(0);
    await expectNothingActive(web, won.map(tokensOf));
  });

  test('ten codes, each with its own and with a wrong verifier at once: neighbours in a batch do not hurt each other', async () => {
    const codes = await times(10, () => party(web).code(person));
    const answers = await Promise.all(
      codes.flatMap((code, at) => [party(web).redeem(code), party(web).redeem({ ...code, verifier: `${at}`.repeat(43) })]),
    );
    // A wrong verifier marks nothing, so each code still had its one success, whichever came first.
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(errorsOf(answers.filter(({ status }) => status !== 200))).toEqual(new Set(['400 invalid_grant']));
  });
});

describe('RFC 9700 §4.14: refresh token rotation', () => {
  test('64 refreshes of one token in one batch and 100 over two replicas: all 200, one successor, one generation step', async () => {
    const { refresh_token } = await party(app).tokens(person);
    const form = { grant_type: 'refresh_token', refresh_token };
    const inOneBatch = await pipelined(`${suite.issuer}/oauth2/token`, form, app, 64);
    let answers: Answer[] = [];
    const [one = 0, other = 0] = await shares(async () => {
      answers = await times(100, () => party(app).refresh(refresh_token));
    });
    expect(new Set(inOneBatch.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const successors = new Set([
      ...inOneBatch.map(({ body }) => body['refresh_token']),
      ...answers.map((answer) => answer.json()['refresh_token']),
    ]);
    expect(successors.size).toBe(1);
    expect(successors.has(refresh_token)).toBe(false);
    expect([one + other, Math.min(one, other) > 0]).toEqual([100, true]);
    // One step: the successor is current, and the token after it is the third.
    const next = tokensOf(await party(app).refresh(String([...successors][0])));
    expect(next.refresh_token).not.toBe([...successors][0]);
  });

  test('the generation before, after its successor was used, revokes the family with its access tokens', async () => {
    const first = await party(app).tokens(person);
    const second = tokensOf(await party(app).refresh(first.refresh_token));
    const third = tokensOf(await party(app).refresh(second.refresh_token));
    expect((await party(app).userInfo(third.access_token)).status).toBe(200);
    expect(errorsOf([await party(app).refresh(first.refresh_token)])).toEqual(new Set(['400 invalid_grant']));
    await soon(async () => (await party(app).userInfo(third.access_token)).status === 401);
    await expectNothingActive(app, [first, second, third]);
  });

  test('the generation before, after the window, revokes the family; within it a retry is answered alike', async () => {
    await operator.setSetting('token.refresh_grace', 1);
    await sleep(1_000); // until every replica has read the setting
    const first = await party(app).tokens(person);
    const second = tokensOf(await party(app).refresh(first.refresh_token));
    expect(tokensOf(await party(app).refresh(first.refresh_token)).refresh_token).toBe(second.refresh_token);
    await sleep(1_200);
    expect(errorsOf([await party(app).refresh(first.refresh_token)])).toEqual(new Set(['400 invalid_grant']));
    await soon(async () => (await party(app).userInfo(second.access_token)).status === 401);
    await expectNothingActive(app, [second]);
    const reused = await operator.audit('action = "grant.revoke"');
    expect(reused.some(({ details }) => details.includes('refresh_token_reused'))).toBe(true);
  });
});

describe('issue 2 item 2: one replica, and a store that lost writes', () => {
  test('100 parallel refreshes of one token on one replica: all 200, one successor', async () => {
    const { refresh_token } = await party(app).tokens(person);
    await suite.process('token-2').kill();
    const isServed = async (): Promise<boolean> => {
      const probes = await times(8, () => party(web).token({ grant_type: 'refresh_token', refresh_token: 'none' }));
      return probes.every(({ status }) => status === 400);
    };
    await expect.poll(isServed, { timeout: 5_000 }).toBe(true);
    const before = await shareOf('token');
    const answers = await times(100, () => party(app).refresh(refresh_token));
    expect(errorsOf(answers)).toEqual(new Set(['200 ']));
    expect(new Set(answers.map((answer) => answer.json()['refresh_token'])).size).toBe(1);
    expect((await shareOf('token')) - before).toBe(100);
    suite.process('token-2').restart();
    await suite.ready();
  });

  test('a generation above the row’s is stepped forward and counted', async () => {
    const first = await party(app).tokens(person);
    const second = tokensOf(await party(app).refresh(first.refresh_token));
    const third = tokensOf(await party(app).refresh(second.refresh_token));
    await forgetSteps();
    const ahead = async (): Promise<number> => {
      const counts = await Promise.all([...suite.metrics.values()].map((url) => metric(url, 'authority_refresh_generations_ahead_total')));
      return counts.reduce((sum, count) => sum + count, 0);
    };
    const before = await ahead();
    const fourth = tokensOf(await party(app).refresh(third.refresh_token));
    expect((await ahead()) - before).toBe(1);
    expect(tokensOf(await party(app).refresh(fourth.refresh_token)).refresh_token).not.toBe(fourth.refresh_token);
  });
});

/** As after a failover to a server that had not yet seen the last refreshes. */
async function forgetSteps(): Promise<void> {
  const client = new pg.Client({ connectionString: suite.databaseUrl });
  await client.connect();
  await client.query('UPDATE token.grants SET generation = 0, stepped_at = NULL WHERE generation = 2');
  await client.end();
}

const itemsOf = (spans: Collector['spans']) =>
  spans.filter(({ name, attributes }) => name.endsWith('TokenService/Exchange') && attributes['rpc.batched'] === true);

/** Within the second that a revocation may take to reach the other replica. */
async function soon(isDone: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 1_000; Date.now() < end; ) {
    if (await isDone()) return;
  }
  throw new Error('not within a second');
}
