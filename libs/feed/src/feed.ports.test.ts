import { setTimeout as sleep } from 'node:timers/promises';
import { PullFeedRequest } from '@authority/contracts/rpc';
import { type Database, migrate, migration, open, statement } from '@authority/postgres';
import { testPostgres, type TestPostgres } from '@authority/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { appendFeed, FeedSource, feedCursorTables, feedJob, feedTables, followFeed } from './index.ts';

let postgres: TestPostgres;
let database: Database;
let source: FeedSource;

const sql = (text: string) => database.query<Record<string, number>>(statement('', text));
const append = (why: string) => database.transaction((tx) => appendFeed(tx, { event: 'session_ended', sid: why, why }));
const pull = (cursor: number, more: Partial<PullFeedRequest> = {}) => source.pull(PullFeedRequest.create({ cursor, ...more }));

beforeAll(async () => {
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'session');
  const migrations = [migration('Feed1700000000000', [...feedTables(), ...feedCursorTables()])];
  await migrate({ ownerUrl, serviceUrl, service: 'session', migrations });
  database = await open({ url: serviceUrl, service: 'session', poolSize: 20 });
});

afterAll(async () => {
  await database.close();
  await postgres.stop();
});

beforeEach(async () => {
  source?.close();
  await sql('DELETE FROM feed');
  await sql('DELETE FROM feed_dependents');
  await sql('UPDATE feed_head SET sequence = 0');
  source = new FeedSource(database);
});

describe('order', () => {
  test('a slow transaction that began first comes later, and is not skipped', async () => {
    let commit = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      commit = resolve;
    });
    const slow = database.transaction(async (tx) => {
      await appendFeed(tx, { event: 'session_ended', why: 'slow' });
      await held;
    });
    await sleep(50);
    await append('quick');
    const first = await pull(0);
    expect(first.entries.map(({ why }) => why)).toEqual(['quick']);
    commit();
    await slow;
    const second = await pull(first.cursor);
    expect(second.entries.map(({ why }) => why)).toEqual(['slow']);
  });

  test('200 concurrent transactions of every length: two readers see each entry once, in one order', async () => {
    const seen: string[][] = [[], []];
    let isDone = false;
    const readers = seen.map(async (list) => {
      const own = new FeedSource(database);
      let cursor = 0;
      for (let idle = 0; idle < 2; ) {
        const { entries, cursor: next } = await own.pull(PullFeedRequest.create({ cursor, limit: 7 }));
        list.push(...entries.map(({ why }) => why));
        cursor = next;
        if (isDone && entries.length === 0) idle += 1;
      }
      own.close();
    });
    const writers = Array.from({ length: 200 }, async (_, at) => {
      await sleep(Math.random() * 300);
      await database.transaction(async (tx) => {
        await appendFeed(tx, { event: 'session_ended', why: `${at}` });
        await sleep(Math.random() * 30);
      });
    });
    await Promise.all(writers);
    isDone = true;
    await Promise.all(readers);
    expect(new Set(seen[0]).size).toBe(200);
    expect(seen[0]).toHaveLength(200);
    expect(seen[1]).toEqual(seen[0]);
  });

  test('a transaction that is rolled back leaves nothing', async () => {
    await database
      .transaction(async (tx) => {
        await appendFeed(tx, { event: 'session_ended', why: 'gone' });
        throw new Error('no');
      })
      .catch(() => undefined);
    expect((await pull(0)).entries).toEqual([]);
  });

  test('a cursor beyond the head (a restored log) is given everything again', async () => {
    await append('a');
    expect((await pull(99)).entries.map(({ why }) => why)).toEqual(['a']);
  });
});

describe('long poll', () => {
  test('is answered at once on append', async () => {
    await pull(0);
    const waiting = pull(0, { wait_ms: 5000 });
    await sleep(100);
    const started = performance.now();
    await append('now');
    expect((await waiting).entries).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(400);
  });

  test('ends empty after its time, and when the caller goes away', async () => {
    expect((await pull(0, { wait_ms: 60 })).entries).toEqual([]);
    const started = performance.now();
    await source.pull(PullFeedRequest.create({ wait_ms: 20_000 }), AbortSignal.timeout(50));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('house.md: an act answers when the dependents have passed it', () => {
  test('without dependents at once', async () => {
    const started = performance.now();
    expect(await source.passed(await append('a'))).toBe(true);
    expect(performance.now() - started).toBeLessThan(500);
  });

  test('as soon as a following dependent has applied it', async () => {
    const applied: string[] = [];
    const following = followFeed({
      name: 'session',
      dependent: 'token/1',
      pull: (request, signal) => source.pull(request, signal),
      apply: async (_, entries) => void applied.push(...entries.map(({ why }) => why)),
      database,
    });
    while ((await sql('SELECT count(*)::int AS n FROM feed_dependents'))[0]?.['n'] === 0) await sleep(10);
    const started = performance.now();
    expect(await source.passed(await append('a'))).toBe(true);
    expect(performance.now() - started).toBeLessThan(900);
    expect(applied).toEqual(['a']);
    await following.stop();
  });

  test('as not passed after its time when a live dependent does not move', async () => {
    await pull(0, { dependent: 'token/1' });
    const started = performance.now();
    expect(await source.passed(await append('a'), 300)).toBe(false);
    expect(performance.now() - started).toBeGreaterThan(280);
  });

  test('at once, but not as passed, when the dependent was not seen for 10 s; after a minute it is forgotten', async () => {
    await pull(0, { dependent: 'token/1' });
    const entry = await append('a');
    await sql("UPDATE feed_dependents SET seen_at = clock_timestamp() - interval '11 seconds'");
    const started = performance.now();
    expect(await source.passed(entry)).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
    await sql("UPDATE feed_dependents SET seen_at = clock_timestamp() - interval '61 seconds'");
    expect(await source.passed(entry)).toBe(true);
  });
});

test('old entries and dependents do not stay for ever', async () => {
  await append('old');
  await pull(0, { dependent: 'token/1' });
  await sql("UPDATE feed SET at = at - interval '31 days'");
  await sql("UPDATE feed_dependents SET seen_at = seen_at - interval '2 hours'");
  await append('new');
  await feedJob(database).run();
  expect((await pull(0)).entries.map(({ why }) => why)).toEqual(['new']);
  expect(await sql('SELECT dependent FROM feed_dependents')).toEqual([]);
});
