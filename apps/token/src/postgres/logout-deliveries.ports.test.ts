import { ListLogoutDeliveriesRequest } from '@authority/contracts/admin';
import { FeedEntry } from '@authority/contracts/rpc';
import { type Database, statement } from '@authority/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LogoutDeliveryAdmin } from '../admin/logout-deliveries.ts';
import type { TokenStores } from '../stores.ts';
import { codeEnvelope, type TokenBench, tokenBench } from '../testing/bench.ts';
import { clientDefaults, clientRows } from './client-rows.ts';
import { applyFeed } from './feeds.ts';
import { PostgresLogoutDeliveries } from './logout-deliveries.ts';
import { PostgresSessionClients } from './session-clients.ts';

let bench: TokenBench;
let stores: TokenStores;
let database: Database;
let deliveries: PostgresLogoutDeliveries;

beforeAll(async () => {
  bench = await tokenBench();
  stores = await bench.replica();
  ({ database } = stores);
  deliveries = new PostgresLogoutDeliveries(database);
  for (const client_id of ['listens', 'listens-too']) await addClient(client_id, `https://${client_id}.example/out`);
  await addClient('deaf', undefined);
});
afterAll(() => bench.close());

const addClient = (client_id: string, backchannel_logout_uri: string | undefined) =>
  database.transaction((tx) =>
    clientRows.insert(tx, {
      origin: 'operator',
      client: { ...clientDefaults, client_id, ...(backchannel_logout_uri !== undefined && { backchannel_logout_uri }) },
    }),
  );

/** A sign-in of a person to a client in a session, as the exchange of its code leaves it. */
async function signIn(sub: string, sid: string, client_id: string, changes: Parameters<typeof codeEnvelope>[0] = {}): Promise<void> {
  const authentication = { ...codeEnvelope().authentication, sid };
  const envelope = codeEnvelope({ sub, client_id, authentication, ...changes });
  expect(await stores.authorizationCodes.redeem(`code ${Math.random()}`, envelope, Date.now())).toBe('redeemed');
}

const heard = (event: string, sub: string, sid = '') =>
  database.transaction((tx) => applyFeed(tx, [FeedEntry.fromPartial({ event, sub, sid, at_ms: Date.now() })]));

/** What is due now, taken. */
const due = async () => (await deliveries.take(100, 100, [])).map(({ sid, client_id, sub }) => `${sub} ${sid} ${client_id}`).sort();

test('Back-Channel Logout §2.6: whoever signed the person in by the session is told of its end, and nobody else', async () => {
  await signIn('ann', 's_ann', 'listens', { offline: false });
  await signIn('ann', 's_ann', 'listens', { offline: true });
  await signIn('ann', 's_ann', 'listens-too', { offline: true });
  await signIn('ann', 's_ann', 'deaf');
  await signIn('ann', 's_other', 'listens');
  await signIn('bob', 's_bob', 'listens');
  await heard('session_ended', 'ann', 's_ann');
  expect(await due()).toEqual(['ann s_ann listens', 'ann s_ann listens-too']);
});

test('Back-Channel Logout §2.6: a grant without openid signed nobody in', async () => {
  await signIn('dan', 's_dan', 'listens', { scopes: ['profile'] });
  await heard('session_ended', 'dan', 's_dan');
  expect(await due()).toEqual([]);
});

test('Back-Channel Logout §2.6: an ID Token of the authorization endpoint leaves its client findable', async () => {
  const clients = new PostgresSessionClients(database);
  const session = { sid: 's_implicit', sub: 'eve', expiresAt: Date.now() + 14 * 86_400_000 };
  for (let times = 0; times < 2; times += 1) await clients.remember(session, 'listens');
  expect(await clients.of(session)).toEqual(['listens']);
  expect(await clients.of({ ...session, sub: 'ann' })).toEqual([]);
  await heard('session_ended', 'eve', 's_implicit');
  expect(await due()).toEqual(['eve s_implicit listens']);
});

test('Back-Channel Logout §2.7: the end of a person ends every session that clients know of, each once', async () => {
  for (const sid of ['s_1', 's_2']) await signIn('cat', sid, 'listens');
  await signIn('cat', 's_3', 'listens-too', { offline: false });
  await heard('session_ended', 'cat', 's_1');
  await heard('identity_disabled', 'cat');
  for (const sid of ['s_2', 's_3']) await heard('session_ended', 'cat', sid);
  expect(await due()).toEqual(['cat s_1 listens', 'cat s_2 listens', 'cat s_3 listens-too']);
  await heard('session_ended', 'cat', 's_1');
  expect(await due()).toEqual([]);
});

test('house.md: an outbox row is taken by one of many, and again when its taker died', async () => {
  await signIn('fay', 's_fay', 'listens');
  await heard('session_ended', 'fay', 's_fay');
  const other = new PostgresLogoutDeliveries((await bench.replica()).database);
  const taken = (await Promise.all([deliveries, other, deliveries, other].map((one) => one.take(10, 10, [])))).flat();
  expect(taken).toMatchObject([{ sid: 's_fay', attempts: 1 }]);
  await database.query(statement('', "UPDATE logout_deliveries SET due_at = clock_timestamp() WHERE sid = 's_fay'"));
  const [again] = await deliveries.take(10, 10, []);
  expect(again).toMatchObject({ sid: 's_fay', attempts: 2 });
  if (again === undefined) throw new Error('not taken again');
  await deliveries.postpone(again, 3600);
  expect(await due()).toEqual([]);
  const before = await deliveries.waiting();
  await deliveries.finish(again, 'delivered');
  expect(await deliveries.waiting()).toBe(before - 1);
});

test('performance.md: a client with many rows leaves room for the others, and busy ones are passed over', async () => {
  for (const [client_id, count] of [['many', 10] as const, ['few', 1] as const]) {
    await addClient(client_id, `https://${client_id}.example/out`);
    for (let at = 0; at < count; at += 1) {
      await signIn('gus', `s_${client_id}_${at}`, client_id);
      await heard('session_ended', 'gus', `s_${client_id}_${at}`);
    }
  }
  const fresh = new PostgresLogoutDeliveries(database);
  const first = await fresh.take(6, 2, []);
  expect(first.map(({ client_id }) => client_id).sort()).toEqual(['few', 'many', 'many']);
  const second = await fresh.take(6, 2, ['many']);
  expect(second).toEqual([]);
  expect((await fresh.take(6, 2, [])).map(({ client_id }) => client_id)).toEqual(['many', 'many']);
});

test('the outbox keeps no past day, and no row is lost for want of one', async () => {
  await database.query(
    statement(
      '',
      "INSERT INTO logout_deliveries (sid, client_id, day, sub) VALUES ('s_old', 'listens', 7, 'old'), ('s_far', 'listens', 999999, 'far')",
    ),
  );
  const strays = Object.fromEntries((await deliveries.upkeep()).map(({ parent, strays: count }) => [parent, count]));
  expect(strays).toEqual({ session_clients: 0, logout_deliveries: 1 });
});

test('Back-Channel Logout §2.5: operators see what clients were told, and begin one anew that was given up', async () => {
  const admin = new LogoutDeliveryAdmin({ database });
  await signIn('zoe', 's_zoe', 'listens');
  await heard('session_ended', 'zoe', 's_zoe');
  const list = async (filter: string) => {
    const request = ListLogoutDeliveriesRequest.create({ filter });
    return (await admin.list(request)).logout_deliveries;
  };
  const [pending] = await list('sub = "zoe" AND state = "pending"');
  expect(pending).toMatchObject({ client_id: 'listens', sid: 's_zoe', state: 'pending', attempts: 0, done_time_ms: 0 });
  const [taken] = (await deliveries.take(100, 100, [])).filter(({ sub }) => sub === 'zoe');
  if (taken) await deliveries.finish(taken, 'given_up');
  expect(await list('sub = "zoe" AND state = "pending"')).toEqual([]);
  const [failed] = await list('state = "given_up" AND client_id = "listens" AND sid = "s_zoe"');
  expect(failed).toMatchObject({ state: 'given_up', attempts: 1, due_time_ms: 0 });

  const again = await admin.retry(failed?.logout_delivery_id ?? '', 'client:c_operator');
  expect(again).toMatchObject({ state: 'pending', attempts: 0, done_time_ms: 0 });
  expect(await due()).toContain('zoe s_zoe listens');
  const audit = await database.query(statement('test_logout_audit', "SELECT target, details FROM audit WHERE action = 'logout.retry'"));
  expect(audit).toEqual([{ target: 'client:listens', details: { sid: 's_zoe', sub: 'zoe' } }]);
  for (const id of ['', 'x', '1.s_zoe.listens', `${failed?.logout_delivery_id}x`, '99999999999.a.b', 'a\0.b.c']) {
    await expect(admin.retry(id, 'client:c_operator')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  }
});
