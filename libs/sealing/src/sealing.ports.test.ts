import { randomBytes } from 'node:crypto';
import { type Database, migrate, migration, open, statement } from '@authority/postgres';
import { setLogSink } from '@authority/telemetry';
import { testPostgres, type TestPostgres } from '@authority/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureKeys, KeyTable, KeyWrapping, keyTables, Macs, SealedValues } from './index.ts';

const service = 'identity';
const secret = randomBytes(32);
const place = { purpose: 'totp', row: 'sub-1' };

let postgres: TestPostgres;
let ownerUrl: string;
let database: Database;

const migrateUnder = (secrets: readonly Uint8Array[]) =>
  migrate({
    ownerUrl,
    service,
    migrations: [migration('Keys1700000000000', keyTables())],
    afterwards: (tx) => ensureKeys(tx, new KeyWrapping(service, secrets)),
  });
const table = (...secrets: readonly Uint8Array[]) => new KeyTable(database, new KeyWrapping(service, secrets));

beforeAll(async () => {
  postgres = await testPostgres();
  ownerUrl = await postgres.newDatabase();
  await Promise.all([migrateUnder([secret]), migrateUnder([secret])]);
  database = await open({ url: ownerUrl, service });
});

afterAll(async () => {
  await database.close();
  await postgres.stop();
});

test('house.md, keys: two first migrations at once make one key of each use', async () => {
  const rows = await database.query<{ use: string }>(statement('', 'SELECT use FROM keys ORDER BY use'));
  expect(rows.map(({ use }) => use)).toEqual(['mac', 'sealing']);
});

test('style.md 20: a sealed value opens at every replica, and only in its own place', async () => {
  const sealed = await new SealedValues(service, table(secret)).seal(Buffer.from('seed'), place);
  const values = new SealedValues(service, table(secret));
  expect((await values.open(sealed, place))?.toString()).toBe('seed');
  expect(await values.open(sealed, { ...place, row: 'sub-2' })).toBeUndefined();
  expect(await values.open(sealed, { ...place, purpose: 'webhook' })).toBeUndefined();
  expect(await new SealedValues('token', table(secret)).open(sealed, place)).toBeUndefined();
  expect(await values.seal(Buffer.from('seed'), place)).not.toBe(sealed);
});

test.each(['', '1', '1.k_x', '1..', '2.k_x.AAAA', '1.k_x.AAAA.x'])('style.md 20: %j is no sealed value', async (sealed) => {
  expect(await new SealedValues(service, table(secret)).open(sealed, place)).toBeUndefined();
});

test('style.md 20: a bit that is changed, or a cut, and it does not open', async () => {
  const values = new SealedValues(service, table(secret));
  const sealed = await values.seal(Buffer.from('seed'), place);
  const [version, key_id, text = ''] = sealed.split('.');
  const bytes = Buffer.from(text, 'base64url');
  for (const place_ of [0, 16, bytes.length - 1]) {
    const changed = Buffer.from(bytes);
    changed[place_] = (changed[place_] ?? 0) ^ 1;
    expect(await values.open(`${version}.${key_id}.${changed.toString('base64url')}`, place)).toBeUndefined();
  }
  expect(await values.open(`${version}.${key_id}.${bytes.subarray(0, 20).toString('base64url')}`, place)).toBeUndefined();
});

test('style.md 20: a MAC is of one value in one place, and made again by its key', async () => {
  const macs = new Macs(service, table(secret));
  const made = await macs.make('ABCD', place);
  expect(await new Macs(service, table(secret)).again(made.key_id, 'ABCD', place)).toEqual(made);
  expect(await macs.isEqual(made, 'ABCD', place)).toBe(true);
  expect(await macs.isEqual(made, 'ABCE', place)).toBe(false);
  expect(await macs.isEqual(made, 'ABCD', { ...place, row: 'sub-2' })).toBe(false);
  expect(await macs.again('k_gone', 'ABCD', place)).toBeUndefined();
});

test('style.md 20: the system secret is rotated: values outlive it, and the old one can go', async () => {
  const sealed = await new SealedValues(service, table(secret)).seal(Buffer.from('seed'), place);
  const fresh = randomBytes(32);
  const opens = async (...secrets: readonly Uint8Array[]) =>
    (await new SealedValues(service, table(...secrets)).open(sealed, place))?.toString();
  expect(await opens(fresh, secret)).toBe('seed');
  await migrateUnder([fresh, secret]);
  expect(await opens(fresh)).toBe('seed');
  await expect(migrateUnder([randomBytes(32)])).rejects.toThrow('no system secret opens key');
  await migrateUnder([secret, fresh]);
});

test('house.md, keys: the secret of another service opens nothing, and the log says so', async () => {
  const lines: string[] = [];
  const restore = setLogSink((line) => lines.push(line));
  const keys = new KeyTable(database, new KeyWrapping('token', [secret]));
  await expect(new SealedValues(service, keys).seal(Buffer.from('seed'), place)).rejects.toThrow('AUTHORITY_SECRETS');
  restore();
  expect(lines.join('')).toContain('key_not_opened');
});
