import { StatusError } from '@authority/errors';
import { type TestLink, testLink, type TestPostgres, testPostgres } from '@authority/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Database, type Queryable, statement } from './database.ts';
import { migrate } from './migrate.ts';
import { migration } from './migration.ts';
import { notify } from './notify.ts';
import { open } from './open.ts';

let server: TestPostgres;
let ownerUrl: string;
let serviceUrl: string;
let link: TestLink;
const opened: Database[] = [];

const one = statement('test.one', 'SELECT 1 AS one');
const insert = statement('test.insert', 'INSERT INTO things (id) VALUES ($1)');
const all = statement('test.all', 'SELECT id FROM things ORDER BY id');
const plain = (text: string) => statement('', text);

async function openThrough(url = link.through(serviceUrl), more = {}): Promise<Database> {
  const database = await open({ url, service: 'token', ...more });
  opened.push(database);
  return database;
}

async function until(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<number> {
  const start = Date.now();
  while (!(await condition())) {
    if (Date.now() - start > withinMs) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return Date.now() - start;
}

async function refused(call: Promise<unknown>): Promise<number> {
  const start = Date.now();
  await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'store_unavailable', retryAfterMs: 1000 });
  return Date.now() - start;
}

beforeAll(async () => {
  server = await testPostgres();
  ownerUrl = await server.newDatabase();
  serviceUrl = server.serviceUrl(ownerUrl, 'token');
  link = await testLink(Number(new URL(ownerUrl).port));
  const migrations = [migration('things_1764000000000', ['CREATE TABLE things (id bigint PRIMARY KEY, at date, seen timestamptz)'])];
  await migrate({ ownerUrl, serviceUrl, service: 'token', migrations });
});

afterEach(async () => {
  await link.restore();
  await Promise.all(opened.splice(0).map((database) => database.close()));
});

afterAll(async () => {
  await link.stop();
  await server.stop();
});

test('ARCH: bigint is a number, date is text, and a bigint past 2^53 is a fault', async () => {
  const database = await openThrough();
  const text =
    "SELECT 9007199254740991::bigint AS big, '2026-11-23'::date AS day, ARRAY[1, 2]::bigint[] AS list, '\\x00ff'::bytea AS bytes";
  expect(await database.query(plain(text))).toEqual([
    { big: 9007199254740991, day: '2026-11-23', list: [1, 2], bytes: Buffer.from([0, 255]) },
  ]);
  await expect(database.query(plain('SELECT 9007199254740993::bigint AS big'))).rejects.toThrow(RangeError);
  expect(await database.query(one)).toEqual([{ one: 1 }]);
});

test('ARCH: a transaction is rolled back by whatever its work throws, and a caught failure does not commit', async () => {
  const database = await openThrough();
  const work = async (tx: Queryable): Promise<void> => {
    await tx.query(insert, [1]);
    throw new TypeError('no');
  };
  await expect(database.transaction(work)).rejects.toThrow(TypeError);
  const caught = database.transaction(async (tx) => {
    await tx.query(insert, [2]);
    await tx.query(insert, [2]).catch(() => {});
  });
  await expect(caught).rejects.toThrow(/rolled back/);
  expect(await database.query(all)).toEqual([]);
});

test('a statement that was not awaited does not run outside of its transaction', async () => {
  const database = await openThrough();
  let leaked: Queryable | undefined;
  await database.transaction(async (tx) => {
    leaked = tx;
  });
  await expect(leaked?.query(one)).rejects.toThrow(/not awaited/);
});

test('a plan that a migration has made wrong is made again', async () => {
  const database = await openThrough(undefined, { poolSize: 1 });
  const wide = statement('test.wide', 'SELECT * FROM changing');
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query('CREATE TABLE token.changing AS SELECT 1 AS a');
  await owner.query('GRANT SELECT ON token.changing TO PUBLIC');
  expect(await database.query(wide)).toEqual([{ a: 1 }]);
  await owner.query('ALTER TABLE token.changing ADD COLUMN b int DEFAULT 2');
  expect(await database.query(wide)).toEqual([{ a: 1, b: 2 }]);
  await owner.end();
});

test('ARCH: a locked row fails its caller at lock_timeout, and the connection goes on', async () => {
  const database = await openThrough(undefined, { poolSize: 2, lockTimeoutMs: 200 });
  await database.query(insert, [10]);
  await database.transaction(async (tx) => {
    await tx.query(plain('SELECT 1 FROM things WHERE id = 10 FOR UPDATE'));
    expect(await refused(database.query(plain('UPDATE things SET seen = now() WHERE id = 10')))).toBeLessThan(900);
  });
  expect(await database.query(one)).toEqual([{ one: 1 }]);
  await database.query(plain('DELETE FROM things'));
});

test('ARCH: a server that is away fails calls within a second, and is used within half a second of its return', async () => {
  const database = await openThrough();
  expect(database.isReady()).toBe(true);
  const slow = database.query(plain('SELECT pg_sleep(3)'));
  const told = refused(slow);
  await link.cut();
  expect(await refused(database.query(one))).toBeLessThan(1000);
  expect(await refused(database.transaction(async (tx) => tx.query(one)))).toBeLessThan(1000);
  expect(await told).toBeLessThan(1000);
  await until(() => !database.isReady(), 1000);
  expect(await refused(database.query(one))).toBeLessThan(50);
  await link.restore();
  const took = await until(
    () =>
      database.query(one).then(
        () => true,
        () => false,
      ),
    2000,
  );
  expect(took).toBeLessThan(500);
  expect(database.isReady()).toBe(true);
});

test('ARCH: a server that no longer answers fails calls, those under way too, within a second', async () => {
  const database = await openThrough();
  const started = Date.now();
  const underWay = refused(database.query(plain('SELECT pg_sleep(4)')));
  link.hang();
  const late = refused(database.query(one));
  await Promise.all([underWay, late]);
  expect(Date.now() - started).toBeLessThan(1050);
  expect(await refused(database.query(one))).toBeLessThan(1000);
  await link.restore();
  expect(
    await until(
      () =>
        database.query(one).then(
          () => true,
          () => false,
        ),
      2000,
    ),
  ).toBeLessThan(1000);
});

test('ARCH: open() does not fail when the server is away, and uses it when it comes', async () => {
  await link.cut();
  const database = await openThrough();
  expect(database.isReady()).toBe(false);
  await refused(database.query(one));
  await refused(database.orm());
  await link.restore();
  await until(() => database.isReady(), 500);
  expect(await database.query(one)).toEqual([{ one: 1 }]);
  expect(await (await database.orm()).query('SELECT count(*) FROM things')).toEqual([{ count: 0 }]);
});

test('ARCH: a pool of broken connections is not handed out after a restart', async () => {
  const database = await openThrough();
  await Promise.all(Array.from({ length: 8 }, () => database.query(one)));
  link.reset();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const settled = await Promise.allSettled(Array.from({ length: 20 }, () => database.query(one)));
  expect(settled.filter((each) => each.status === 'rejected')).toEqual([]);
});

test('house.md: listeners hear notifications, and an empty one after every reconnect', async () => {
  const database = await openThrough();
  const heard: string[] = [];
  const stop = database.listen('token.things', (payload) => heard.push(payload));
  await until(async () => {
    await notify(database, 'token.things', 'a');
    return heard.includes('a');
  }, 1000);
  heard.length = 0;
  link.reset();
  await until(() => heard.includes(''), 1000);
  await notify(database, 'token.things', 'b');
  await until(() => heard.includes('b'), 500);
  stop();
  await notify(database, 'token.things', 'c');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(heard).not.toContain('c');
});

test('ARCH: one session at a time has a lock, within one process too, and loses it with its connection', async () => {
  const [first, second] = [await openThrough(), await openThrough(serviceUrl)];
  const lease = await first.tryLock('test.lock');
  expect(lease).toBeDefined();
  expect(await first.tryLock('test.lock')).toBeUndefined();
  expect(await second.tryLock('test.lock')).toBeUndefined();
  await lease?.release();
  const next = await second.tryLock('test.lock');
  expect(next).toBeDefined();
  await next?.release();
  const fragile = await first.tryLock('test.lock');
  link.reset();
  await until(() => fragile?.lost.aborted === true, 500);
  await until(async () => (await second.tryLock('test.lock')) !== undefined, 1000);
});

test('ARCH: schemaVersion counts migrations, and is 0 before the first', async () => {
  expect(await (await openThrough()).schemaVersion()).toBe(1);
  const empty = await server.newDatabase();
  expect(await (await openThrough(empty)).schemaVersion()).toBe(0);
});

test('a caller gets a StatusError and no text of the driver', async () => {
  await link.cut();
  const database = await openThrough();
  const error: unknown = await database.query(one).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StatusError);
  expect(error instanceof Error && error.message).toBe('store_unavailable');
});
