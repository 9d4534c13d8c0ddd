import { type TestPostgres, testPostgres } from '@authority/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, statement } from './database.ts';
import { migrate } from './migrate.ts';
import { migration } from './migration.ts';
import { open } from './open.ts';
import { dropPartitionsBefore, ensurePartitions, partitionNumber, partitionStart } from './partitions.ts';

let server: TestPostgres;
let database: Database;

const tables = migration('tables_1764000000000', [
  'CREATE TABLE codes (hour int NOT NULL, hash bytea NOT NULL, note text DEFAULT $$x$$, PRIMARY KEY (hour, hash)) PARTITION BY RANGE (hour)',
  'CREATE INDEX codes_note ON codes (note)',
  'CREATE TABLE grants (ends timestamptz NOT NULL, id int NOT NULL, PRIMARY KEY (ends, id)) PARTITION BY RANGE (ends)',
  'CREATE TABLE whole (id int)',
]);
const plain = (text: string) => statement('', text);
const now = new Date('2026-11-23T18:30:00Z');
const later = (hours: number): Date => new Date(now.getTime() + hours * 3_600_000);

beforeAll(async () => {
  server = await testPostgres();
  const ownerUrl = await server.newDatabase();
  const url = server.serviceUrl(ownerUrl, 'token');
  await migrate({ ownerUrl, serviceUrl: url, service: 'token', migrations: [tables] });
  database = await open({ url, service: 'token' });
});

afterAll(async () => {
  await database.close();
  await server.stop();
});

test('house.md: hour partitions by number, made by the service’s own role, once', async () => {
  expect(await ensurePartitions(database, 'codes', now, later(2), 'hour')).toBe(3);
  expect(await ensurePartitions(database, 'codes', now, later(3), 'hour')).toBe(1);
  const hour = partitionNumber(now, 'hour');
  expect(partitionStart(hour, 'hour')).toEqual(new Date('2026-11-23T18:00:00Z'));
  await database.query(plain(`INSERT INTO codes (hour, hash) VALUES (${hour}, '\\x01'), (${hour + 3}, '\\x02')`));
  await expect(database.query(plain(`INSERT INTO codes (hour, hash) VALUES (${hour}, '\\x01')`))).rejects.toThrow(/duplicate key/);
  expect(await dropPartitionsBefore(database, 'codes', later(2), 'hour')).toBe(2);
  expect(await database.query(plain('SELECT hash, note FROM codes'))).toEqual([{ hash: Buffer.from([2]), note: 'x' }]);
});

test('house.md: day partitions by time', async () => {
  expect(await ensurePartitions(database, 'grants', now, later(48), 'day')).toBe(3);
  await database.query(plain("INSERT INTO grants VALUES ('2026-11-23T00:00:00Z', 1), ('2026-11-25T23:59:59Z', 2)"));
  expect(await dropPartitionsBefore(database, 'grants', later(24), 'day')).toBe(1);
  expect(await database.query(plain('SELECT id FROM grants'))).toEqual([{ id: 2 }]);
});

test('two that make the same partitions at once do not fail', async () => {
  const from = later(1000);
  const made = await Promise.all(
    [1, 2, 3].map(() => ensurePartitions(database, 'grants', from, new Date(from.getTime() + 5 * 86_400_000), 'day')),
  );
  expect(made.reduce((sum, each) => sum + each)).toBe(6);
});

test('nothing but partitioned tables of the own schema, and no table that is no partition', async () => {
  await expect(ensurePartitions(database, 'whole', now, now, 'day')).rejects.toThrow(/no partitioned table/);
  await expect(dropPartitionsBefore(database, 'public.codes', now, 'day')).rejects.toThrow(/no partitioned table/);
  await expect(ensurePartitions(database, 'codes; DROP TABLE whole', now, now, 'hour')).rejects.toThrow(/no partitioned table/);
});
