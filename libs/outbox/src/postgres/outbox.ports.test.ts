import { type Database, migrate, open, statement } from '@authority/postgres';
import { setLogSink } from '@authority/telemetry';
import { type TestPostgres, testPostgres } from '@authority/testing';
import manifest from 'pg-boss/package.json' with { type: 'json' };
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Delivery, type Outbox, type Queue, Undeliverable } from '../outbox.ts';
import { listDeadLetters } from './dead-letters.ts';
import { openOutbox } from './open.ts';
import { outboxMigration } from './tables.ts';

const service = 'identity';

interface Letter {
  readonly text: string;
}

const letters: Queue<Letter> = {
  name: 'letters',
  read(stored) {
    if (typeof stored === 'object' && stored !== null && 'text' in stored && typeof stored.text === 'string') return { text: stored.text };
    throw new Error('no letter');
  },
  retries: 2,
  backoff: { firstSeconds: 1, longestSeconds: 1 },
  timeoutMs: 1000,
  concurrency: 4,
};

let server: TestPostgres;
let owner: string;
let url: string;
const opened: (() => Promise<void>)[] = [];

beforeAll(async () => {
  server = await testPostgres();
});
beforeEach(async () => {
  setLogSink(() => {});
  owner = await server.newDatabase();
  url = server.serviceUrl(owner, service);
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});
afterAll(() => server.stop());

const migrated = () =>
  migrate({ ownerUrl: owner, serviceUrl: url, service, migrations: [outboxMigration('Outbox1764000000000', service)] });

async function replica(options: { until?: 'ready' } = { until: 'ready' }): Promise<{ database: Database; outbox: Outbox }> {
  const database = await open({ url, service });
  const outbox = await openOutbox({ database, service, queues: [letters], pollSeconds: 0.5, superviseSeconds: 1 });
  opened.push(async () => {
    await outbox.close();
    await database.close();
  });
  if (options.until) await expect.poll(() => outbox.isReady(), { timeout: 10_000 }).toBe(true);
  return { database, outbox };
}

const append = ({ database, outbox }: { database: Database; outbox: Outbox }, text: string, options = {}) =>
  database.transaction((tx) => outbox.append(tx, letters, { text }, options));

const deadOf = async ({ database }: { database: Database }, filter = '') =>
  (await listDeadLetters(database, [letters], { page_size: 10, page_token: '', filter })).dead_letters;

const rowsOf = async (database: Database): Promise<{ name: string; state: string }[]> =>
  database.query(statement('', 'SELECT name, state::text FROM job ORDER BY name'));

describe('the outbox', () => {
  test('a role without DDL rights appends and works, at once', async () => {
    await migrated();
    const one = await replica();
    const seen: Delivery<Letter>[] = [];
    one.outbox.work(letters, async (delivery) => void seen.push(delivery));
    await append(one, 'warm');
    await expect.poll(() => seen.length).toBe(1);
    const began = Date.now();
    const id = await append(one, 'dear');
    await expect.poll(() => seen.length, { interval: 5 }).toBe(2);
    expect(Date.now() - began).toBeLessThan(400);
    expect(seen[1]).toMatchObject({ id, payload: { text: 'dear' }, attempt: 1 });
  });

  test('what is appended in a transaction that fails is not there', async () => {
    await migrated();
    const one = await replica();
    const lost = one.database.transaction(async (tx) => {
      await one.outbox.append(tx, letters, { text: 'never' });
      throw new Error('changed my mind');
    });
    await expect(lost).rejects.toThrow('changed my mind');
    expect(await rowsOf(one.database)).toEqual([]);
  });

  test('two replicas share the work, each letter once', async () => {
    await migrated();
    const [one, two] = [await replica(), await replica()];
    const seen: string[] = [];
    const by = new Set<number>();
    for (const [number, { outbox }] of [one, two].entries()) {
      outbox.work(letters, async ({ payload }) => {
        by.add(number);
        seen.push(payload.text);
        await new Promise((resolve) => setTimeout(resolve, 5));
      });
    }
    const texts = Array.from({ length: 60 }, (_, index) => `letter ${index}`);
    await one.database.transaction(async (tx) => {
      for (const text of texts) await one.outbox.append(tx, letters, { text });
    });
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(60);
    expect(new Set(seen)).toEqual(new Set(texts));
    expect(by.size).toBe(2);
  });

  test('one with a singleton key that waits is enough', async () => {
    await migrated();
    const one = await replica();
    expect(await append(one, 'a', { singletonKey: 'k' })).toEqual(expect.any(String));
    expect(await append(one, 'b', { singletonKey: 'k' })).toBeUndefined();
    expect(await append(one, 'c')).toEqual(expect.any(String));
    expect(await append(one, 'd')).toEqual(expect.any(String));
  });

  test('not before its time', async () => {
    await migrated();
    const one = await replica();
    const seen: number[] = [];
    one.outbox.work(letters, async () => void seen.push(Date.now()));
    const runAt = new Date(Date.now() + 1500);
    await append(one, 'later', { runAt });
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(1);
    expect(seen[0]).toBeGreaterThanOrEqual(runAt.getTime() - 50);
  });

  test('a failure is tried again, then a dead letter that an operator lists and replays', async () => {
    await migrated();
    const one = await replica();
    let isBroken = true;
    const attempts: number[] = [];
    const done: string[] = [];
    one.outbox.work(letters, async ({ payload, attempt }) => {
      attempts.push(attempt);
      if (isBroken) throw new Error('550 no such user', { cause: new Error('mailbox') });
      done.push(payload.text);
    });
    const id = await append(one, 'dear');
    const dead = () => deadOf(one);
    await expect.poll(async () => (await dead()).length, { timeout: 15_000 }).toBe(1);
    expect(attempts).toEqual([1, 2, 3]);
    const [letter] = await dead();
    expect(letter).toMatchObject({ delivery_id: id, queue: 'letters', payload: '{"text":"dear"}', attempts: 3 });
    expect(letter?.fail_time_ms).toBeGreaterThan(letter?.append_time_ms ?? 0);
    expect(await deadOf(one, 'queue = "letters"')).toHaveLength(1);
    expect(await deadOf(one, 'queue = "mails"')).toEqual([]);
    expect(letter?.error).toBe('550 no such user: mailbox');
    isBroken = false;
    expect(await one.database.transaction((tx) => one.outbox.replay(tx, [letter?.dead_letter_id ?? '']))).toBe(1);
    await expect.poll(() => done, { timeout: 10_000 }).toEqual(['dear']);
    expect(await dead()).toEqual([]);
  });

  test('what cannot be delivered is a dead letter at once; what cannot be read may be of a later release, and is tried again', async () => {
    await migrated();
    const one = await replica();
    let attempts = 0;
    one.outbox.work(letters, async () => {
      attempts += 1;
      throw new Undeliverable('no such address');
    });
    await append(one, 'dear');
    await expect.poll(async () => (await deadOf(one)).length, { timeout: 10_000 }).toBe(1);
    await one.database.transaction((tx) => one.outbox.append<unknown>(tx, letters, { words: 1 }));
    await expect.poll(async () => (await deadOf(one)).map((letter) => letter.attempts), { timeout: 15_000 }).toEqual([1, 3]);
    expect(attempts).toBe(1);
    const [first, second] = await deadOf(one);
    expect(
      await one.database.transaction((tx) => one.outbox.discard(tx, [first?.dead_letter_id ?? '', second?.dead_letter_id ?? ''])),
    ).toBe(2);
    expect(await deadOf(one)).toEqual([]);
  });

  test('a handler that hangs is given up, and its neighbours are not', async () => {
    await migrated();
    const one = await replica();
    const done: string[] = [];
    one.outbox.work(letters, async ({ payload, attempt }) => {
      if (payload.text === 'slow' && attempt === 1) await new Promise(() => {});
      done.push(payload.text);
    });
    await one.database.transaction(async (tx) => {
      for (const text of ['slow', 'quick']) await one.outbox.append(tx, letters, { text });
    });
    await expect.poll(() => done.toSorted(), { timeout: 15_000 }).toEqual(['quick', 'slow']);
  });

  test('a replica that died after it sent and before it said so: another sends again', async () => {
    await migrated();
    const one = await replica();
    await append(one, 'dear');
    // What a claim of a dead replica leaves: active, and its time is over.
    await one.database.query(
      statement('', "UPDATE job SET state = 'active', started_on = now() - interval '1 hour' WHERE name = 'letters'"),
    );
    const two = await replica();
    const seen: number[] = [];
    two.outbox.work(letters, async ({ attempt }) => void seen.push(attempt));
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual([2]);
  });

  test('what was delivered is forgotten, without a janitor of ours', async () => {
    await migrated();
    const one = await replica();
    one.outbox.work(letters, () => Promise.resolve());
    await append(one, 'dear');
    await expect.poll(() => rowsOf(one.database)).toEqual([{ name: 'letters', state: 'completed' }]);
    await one.database.query(statement('', "UPDATE job SET completed_on = now() - interval '61 seconds'"));
    await one.database.query(statement('', 'UPDATE queue SET maintain_on = NULL'));
    await expect.poll(() => rowsOf(one.database), { timeout: 15_000 }).toEqual([]);
  });

  test('opened before its tables are there, it is ready when they are', async () => {
    await migrate({ ownerUrl: owner, serviceUrl: url, service, migrations: [] }); // its role, and no more
    const one = await replica({});
    expect(one.outbox.isReady()).toBe(false);
    const refused = append(one, 'early');
    await expect(refused).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'store_unavailable' });
    await migrated();
    await expect.poll(() => one.outbox.isReady(), { timeout: 10_000 }).toBe(true);
    expect(await append(one, 'now')).toEqual(expect.any(String));
  });

  test('style.md 21: a release before the schema of a later one still runs', async () => {
    await migrated();
    const database = await open({ url: owner, service });
    await database.query(statement('', 'UPDATE version SET version = version + 1'));
    await database.close();
    const one = await replica();
    expect(await append(one, 'dear')).toEqual(expect.any(String));
  });

  test('another schema of pg-boss needs a migration of its own beside Outbox', () => {
    expect(manifest.pgboss.schema).toBe(46);
  });
});
