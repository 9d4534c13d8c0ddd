import { type Ephemeral, openEphemeral } from '@authority/ephemeral';
import { type Database, statement } from '@authority/postgres';
import type { DevicePoll, DeviceRequest } from '@authority/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TokenStores } from '../stores.ts';
import { type TokenBench, tokenBench } from '../testing/bench.ts';
import { EphemeralDeviceRequests } from './device-requests.ts';

let bench: TokenBench;
let stores: TokenStores;
const open: Ephemeral[] = [];
let one: EphemeralDeviceRequests;
let two: EphemeralDeviceRequests;

beforeAll(async () => {
  bench = await tokenBench();
  stores = await bench.replica();
  const replica = async (): Promise<EphemeralDeviceRequests> => {
    const ephemeral = await openEphemeral({ database: stores.database, prefix: 'token', service: 'token' });
    open.push(ephemeral);
    return new EphemeralDeviceRequests(ephemeral, stores.userCodeMac);
  };
  [one, two] = [await replica(), await replica()];
});
afterAll(async () => {
  for (const ephemeral of open) await ephemeral.close();
  await bench?.close();
});

const request = (changes: Partial<DeviceRequest> = {}): DeviceRequest => ({
  ...{ version: 1 as const, client_id: 'c', scopes: ['openid'], resources: [], peer_address: '192.0.2.1', user_agent: 'TV' },
  ...{ requestedAt: Date.now(), expiresAt: Date.now() + 600_000, interval: 5, ...changes },
});

let codes = 0;
const letters = 'BCDFGHJKLMNPQRSTVWXZ';
const userCode = (): string => `BBBBBB${letters[Math.floor(++codes / 20)]}${letters[codes % 20]}`;

async function stored(changes: Partial<DeviceRequest> = {}): Promise<{ device_code: string; user_code: string }> {
  const user_code = userCode();
  const device_code = await one.store(request(changes), user_code);
  if (device_code === undefined) throw new Error('the user code is in use');
  return { device_code, user_code };
}

test('RFC 8628 §3.5: polls of all replicas are counted together, each too early one makes the interval longer', async () => {
  const { device_code } = await stored();
  const now = Date.now();
  const poll = (by: EphemeralDeviceRequests, seconds: number): Promise<DevicePoll> => by.poll(device_code, 'c', now + seconds * 1000);
  expect(await poll(one, 0)).toBe('pending');
  expect(await poll(two, 5)).toBe('pending');
  expect(await poll(one, 6)).toBe('too_fast');
  expect(await poll(two, 15)).toBe('too_fast');
  expect(await poll(one, 30)).toBe('pending');
});

test('RFC 8628 §3.5: of 50 polls at once one is pending, and the device is not punished for ever', async () => {
  const { device_code } = await stored();
  const now = Date.now();
  const polls = await Promise.all(Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? one : two).poll(device_code, 'c', now)));
  expect(polls.filter((poll) => poll === 'pending')).toHaveLength(1);
  expect(polls.filter((poll) => poll === 'too_fast')).toHaveLength(49);
  expect(await one.poll(device_code, 'c', now + 121_000)).toBe('pending');
});

test('RFC 8628 §3.2: of many that ask with one user code at the same time at most one gets it', async () => {
  const user_code = userCode();
  const codes = await Promise.all(Array.from({ length: 10 }, (_, at) => (at % 2 === 0 ? one : two).store(request(), user_code)));
  expect(codes.filter((code) => code !== undefined).length).toBeLessThanOrEqual(1);
  if (codes.every((code) => code === undefined)) expect(await one.store(request(), user_code)).toBeDefined();
  expect(await two.store(request(), user_code)).toBeUndefined();
});

test('RFC 8628 §3.3: a request is found by its user code until it is closed, and is polled as decided from its settling on', async () => {
  const { device_code, user_code } = await stored();
  const found = await two.findByUserCode(user_code, Date.now());
  expect(found).toMatchObject({ request: { client_id: 'c', user_agent: 'TV' } });
  expect(await one.findByUserCode('CCCCCCCC', Date.now())).toBeUndefined();
  const id = found?.id ?? '';
  await one.settle(id);
  expect(await two.poll(device_code, 'c', Date.now())).toBe('decided');
  expect(await two.findByUserCode(user_code, Date.now())).toBeDefined();
  await two.close(id);
  expect(await one.findByUserCode(user_code, Date.now())).toBeUndefined();
  expect(await one.find(id, Date.now())).toBeDefined();
  expect(await one.find(id, Date.now() + 600_000)).toBeUndefined();
});

test('RFC 8628 §5.2: what is not the whole code of this client polls nothing', async () => {
  const { device_code } = await stored();
  const [id, ends, secret = ''] = device_code.split('.');
  const forged = `${id}.${ends}.${secret.startsWith('A') ? 'B' : 'A'}${secret.slice(1)}`;
  const now = Date.now();
  expect(await one.poll(forged, 'c', now)).toBe('wrong');
  expect(await one.poll(`${id}.${ends}`, 'c', now)).toBe('malformed');
  expect(await one.poll(device_code, 'other', now)).toBe('of_other_client');
  expect(await one.poll(device_code, 'c', now + 600_000)).toBe('expired');
  // None of them was a poll.
  expect(await one.poll(device_code, 'c', now)).toBe('pending');
});

/** What a crash of PostgreSQL does to unlogged tables, or a Redis that comes back empty. */
async function loseStore({ database }: { database: Database }): Promise<void> {
  const tables = await database.query<{ name: string }>(
    statement(
      '',
      "SELECT relname AS name FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r' AND relnamespace = current_schema()::regnamespace",
    ),
  );
  await database.query(statement('', `TRUNCATE ${tables.map(({ name }) => name).join(', ')}`));
}

test('house.md, what survives what: without the store a device starts again, and a denied or redeemed code stays so', async () => {
  const [waiting, decided] = [await stored(), await stored()];
  const { deviceDecisions } = stores;
  const found = await one.findByUserCode(decided.user_code, Date.now());
  const authentication = { auth_time: 1, acr: '', amr: [], sid: 's', authTimeRequired: false };
  await one.settle(found?.id ?? '');
  await deviceDecisions.decide({
    ...{ code_hash: found?.code_hash ?? '', client_id: 'c', sub: 's', allowed: false, scopes: [], resources: [], authentication },
    ...{ decidedAt: Date.now(), expiresAt: found?.request.expiresAt ?? 0 },
  });
  await loseStore(stores);
  expect(await one.poll(waiting.device_code, 'c', Date.now())).toBe('missing');
  expect(await one.findByUserCode(waiting.user_code, Date.now())).toBeUndefined();
  expect(await deviceDecisions.find(waiting.device_code)).toBeUndefined();
  expect(await one.poll(decided.device_code, 'c', Date.now())).toBe('missing');
  expect(await deviceDecisions.find(decided.device_code)).toMatchObject({ allowed: false });
});

test('style.md 20: neither code is in the store, and the user code cannot be computed from it', async () => {
  const { device_code, user_code } = await stored();
  const dump = await dumped(stores.database);
  expect(dump).toContain('TV');
  expect(dump).not.toContain(device_code);
  expect(dump).not.toContain(device_code.split('.')[2]);
  expect(dump).not.toContain(user_code);
});

async function dumped(database: Database): Promise<string> {
  const tables = await database.query<{ name: string }>(
    statement(
      '',
      "SELECT relname AS name FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r' AND relnamespace = current_schema()::regnamespace",
    ),
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await database.query<{ row: string }>(statement('', `SELECT t::text AS row FROM ${name} t`));
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join('\n');
}
