import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, migrate, migration, open, startEmbeddedPostgres, statement } from '@authority/postgres';
import { testLink, type TestPostgres, testPostgres } from '@authority/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { conformance, type StoreUnderTest } from '../conformance.ts';
import type { Ephemeral } from '../ephemeral.ts';
import { openEphemeral } from '../open.ts';
import { ringTable } from '../slots.ts';
import { PostgresDriver } from './postgres-driver.ts';
import { ephemeralTables } from './tables.ts';

const migrations = [migration('ephemeral_1764000000000', ephemeralTables())];
const unlogged = `SELECT relname AS name FROM pg_class WHERE relnamespace = 'token'::regnamespace AND relkind = 'r' AND relpersistence = 'u'`;

async function asOwner<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, options: '-c search_path=token' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A server of its own, since it is killed. */
async function makeStore(): Promise<StoreUnderTest> {
  const dataDir = mkdtempSync(join(tmpdir(), 'authority-test-ephemeral-'));
  let died = (): void => {};
  const start = () => startEmbeddedPostgres({ dataDir, isDurable: false, endsWithUs: true, onExit: () => died() });
  let server = await start();
  const ownerUrl = server.url;
  await migrate({ ownerUrl, service: 'token', migrations });
  const link = await testLink(server.port);
  const tables = await asOwner(ownerUrl, async (owner) => (await owner.query(unlogged)).rows.map((row) => row.name as string));
  const empty = (owner: pg.Client) => owner.query(`TRUNCATE ${tables.join(', ')}`);
  return {
    replica: async () => withDatabase(await open({ url: link.through(ownerUrl), service: 'token' })),
    empty: async () => void (await asOwner(ownerUrl, empty)),
    crash: async () => {
      const death = new Promise<void>((resolve) => {
        died = resolve;
      });
      process.kill(server.pid, 'SIGKILL');
      await death;
      server = await start();
      expect(server.url).toBe(ownerUrl);
    },
    snapshot: async () => {
      await asOwner(ownerUrl, async (owner) => {
        for (const table of tables)
          await owner.query(`DROP TABLE IF EXISTS kept_${table}; CREATE TABLE kept_${table} AS SELECT * FROM ${table}`);
      });
      return () =>
        asOwner(ownerUrl, async (owner) => {
          await owner.query('BEGIN');
          await empty(owner);
          for (const table of tables) await owner.query(`INSERT INTO ${table} SELECT * FROM kept_${table}`);
          await owner.query('COMMIT');
        });
    },
    setBack: async () => void (await asOwner(ownerUrl, (owner) => owner.query('UPDATE ephemeral_state SET beat = beat - 3600000'))),
    cut: () => link.cut(),
    hang: () => link.hang(),
    restore: () => link.restore(),
    stop: async () => {
      await link.stop();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A replica with a database of its own, closed with it. */
async function withDatabase(database: Database): Promise<Ephemeral> {
  const made = await openEphemeral({ database, prefix: 'token', service: 'token' });
  const close = made.close.bind(made);
  return Object.assign(made, {
    close: async () => {
      await close();
      await database.close();
    },
  });
}

conformance('PostgreSQL, unlogged tables', makeStore);

let shared: TestPostgres;
let ownerUrl: string;
let database: Database;

beforeAll(async () => {
  shared = await testPostgres();
  ownerUrl = await shared.newDatabase();
  const url = shared.serviceUrl(ownerUrl, 'token');
  await migrate({ ownerUrl, serviceUrl: url, service: 'token', migrations });
  database = await open({ url, service: 'token' });
});

afterAll(async () => {
  await database.close();
  await shared.stop();
});

test('house.md: tables whose hour is past are truncated whole, by the service’s own role, and those alive are not', async () => {
  const ephemeral = await openEphemeral({ database, prefix: 'token', service: 'token' });
  const id = ephemeral.mint(60_000);
  await ephemeral.put('par', id, 'alive', 60_000);
  await ephemeral.indexAdd('subject', 'alice', id, 60_000);
  const hour = Math.floor(Date.now() / 3_600_000);
  const past = ringTable('h', (hour - 4) % 32);
  await asOwner(ownerUrl, (owner) => owner.query(`INSERT INTO ${past} VALUES ('x', 'v', NULL, now() - interval '3 hours')`));
  const driver = new PostgresDriver(database);
  await Promise.all([driver.upkeep(), driver.upkeep()]);
  await driver.upkeep();
  const rows = await database.query(statement('', `SELECT pg_relation_size('${past}') AS size`));
  expect(rows).toEqual([{ size: 0 }]);
  expect(await ephemeral.get('par', id)).toBe('alive');
  expect(await ephemeral.indexMembers('subject', 'alice')).toEqual([id]);
  await ephemeral.close();
});

test('performance.md 6: look-ups are by the key, also by a plan that was made while the table was empty', async () => {
  const ephemeral = await openEphemeral({ database, prefix: 'token', service: 'token' });
  const table = ringTable('h', Math.floor((Date.now() + 60_000) / 3_600_000) % 32);
  const plan = await database.query<Record<string, string>>(
    statement(
      '',
      `EXPLAIN SELECT t.value FROM ephemeral_state s LEFT JOIN ${table} t ON t.name = ANY('{a,b,c,d,e,f,g,h,i,j,k,l}'::text[]) WHERE s.epoch = 'e'`,
    ),
  );
  expect(JSON.stringify(plan)).toMatch(new RegExp(`${table}_pkey`));
  await ephemeral.close();
});
