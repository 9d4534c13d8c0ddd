import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, migrate, migration, open } from '@authority/postgres';
import { testLink, type TestPostgres, testPostgres, testRedis } from '@authority/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { conformance, type StoreUnderTest } from '../conformance.ts';
import type { Ephemeral } from '../ephemeral.ts';
import { openEphemeral } from '../open.ts';
import { ephemeralTables } from '../postgres/tables.ts';

let postgres: TestPostgres;
let database: Database;

async function newDatabase(): Promise<Database> {
  const ownerUrl = await postgres.newDatabase();
  const url = postgres.serviceUrl(ownerUrl, 'token');
  await migrate({ ownerUrl, serviceUrl: url, service: 'token', migrations: [migration('ephemeral_1764000000000', ephemeralTables())] });
  return open({ url, service: 'token' });
}

beforeAll(async () => {
  postgres = await testPostgres();
  database = await newDatabase();
});

afterAll(async () => {
  await database.close();
  await postgres.stop();
});

async function makeStore(): Promise<StoreUnderTest> {
  const redis = await testRedis();
  const link = await testLink(redis.port);
  const databases: Database[] = [];
  const own = await newDatabase();
  databases.push(own);
  const command = async <T>(work: (client: Redis) => Promise<T>): Promise<T> => {
    const client = new Redis(redis.url);
    const result = await work(client);
    client.disconnect();
    return result;
  };
  return {
    replica: () => openEphemeral({ redisUrl: link.through(redis.url), database: own, prefix: 'authority:token', service: 'token' }),
    empty: async () => void (await command((client) => client.flushall())),
    crash: () => redis.restart(),
    snapshot: async () => {
      await command((client) => client.save());
      copyFileSync(join(redis.folder, 'dump.rdb'), join(redis.folder, 'kept.rdb'));
      return async () => {
        await redis.kill();
        copyFileSync(join(redis.folder, 'kept.rdb'), join(redis.folder, 'dump.rdb'));
        await redis.restart();
      };
    },
    setBack: async () => void (await command((client) => client.decrby('authority:token:beat', 3_600_000))),
    cut: () => link.cut(),
    hang: () => link.hang(),
    restore: () => link.restore(),
    stop: async () => {
      await link.stop();
      await redis.stop();
      await Promise.all(databases.map((each) => each.close()));
    },
  };
}

conformance('Redis', makeStore);

test('house.md: a Redis whose eviction policy is not noeviction is refused at start, in one line', async () => {
  const redis = await testRedis(['maxmemory 50mb', 'maxmemory-policy allkeys-lru']);
  const refused = openEphemeral({ redisUrl: redis.url, database, prefix: 'p', service: 'token' });
  await expect(refused).rejects.toThrow(/^Redis has the eviction policy allkeys-lru: [^\n]*noeviction[^\n]*$/);
  await redis.stop();
});

test('a Redis that is full is away, and nothing is lost in silence', async () => {
  const redis = await testRedis(['maxmemory 3mb', 'maxmemory-policy noeviction']);
  const ephemeral = await openEphemeral({ redisUrl: redis.url, database: await fresh(), prefix: 'p', service: 'token' });
  const fill = async (): Promise<void> => {
    for (let at = 0; at < 200; at++) await ephemeral.put('par', ephemeral.mint(60_000), 'x'.repeat(50_000), 60_000);
  };
  await expect(fill()).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'store_unavailable' });
  await ephemeral.close();
  await redis.stop();
});

test('house.md: another store than before is another epoch, also without a loss', async () => {
  const redis = await testRedis();
  const own = await fresh();
  const first = await openEphemeral({ database: own, prefix: 'p', service: 'token' });
  const id = first.mint(60_000);
  await first.put('session', id, 'v', 60_000);
  await first.close();
  const second: Ephemeral = await openEphemeral({ redisUrl: redis.url, database: own, prefix: 'p', service: 'token' });
  expect(second.epochStartedAt()).toBeGreaterThan(0);
  await second.close();
  const third = await openEphemeral({ database: own, prefix: 'p', service: 'token' });
  expect(third.epochStartedAt()).toBeGreaterThan(0);
  expect(await third.get('session', id)).toBeUndefined();
  await third.close();
  await redis.stop();
});

const extra: Database[] = [];

async function fresh(): Promise<Database> {
  const made = await newDatabase();
  extra.push(made);
  return made;
}

afterAll(async () => {
  await Promise.all(extra.map((each) => each.close()));
});

test('house.md: without PostgreSQL no store is judged, and none is used after a reconnect', async () => {
  const redis = await testRedis();
  const ownerUrl = await postgres.newDatabase();
  const link = await testLink(Number(new URL(ownerUrl).port));
  await migrate({ ownerUrl, service: 'token', migrations: [migration('ephemeral_1764000000000', ephemeralTables())] });
  const own = await open({ url: link.through(ownerUrl), service: 'token' });
  extra.push(own);
  const ephemeral = await openEphemeral({ redisUrl: redis.url, database: own, prefix: 'p', service: 'token' });
  const id = ephemeral.mint(60_000);
  await ephemeral.put('session', id, 'v', 60_000);
  await link.cut();
  expect(await ephemeral.get('session', id)).toBe('v');
  await redis.restart();
  await expect(ephemeral.get('session', id)).rejects.toMatchObject({ reason: 'store_unavailable' });
  await new Promise((resolve) => setTimeout(resolve, 600));
  await expect(ephemeral.get('session', id)).rejects.toMatchObject({ reason: 'store_unavailable' });
  await link.restore();
  const end = Date.now() + 3000;
  while (!ephemeral.isReady() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await ephemeral.get('session', id)).toBeUndefined();
  expect(ephemeral.epochStartedAt()).toBeGreaterThan(0);
  await ephemeral.close();
  await link.stop();
  await redis.stop();
});
