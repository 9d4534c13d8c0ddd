import { ListAuditEventsRequest } from '@authority/contracts/admin';
import { type Database, migrate, migration, open, statement } from '@authority/postgres';
import { testPostgres, type TestPostgres } from '@authority/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Act, appendAudit, auditJob, auditTables, listAudit, verifyAuditChain } from './index.ts';

let postgres: TestPostgres;
let database: Database;

const sql = (text: string) => database.query(statement('', text));
const append = (act: Partial<Act> = {}) =>
  database.transaction((tx) => appendAudit(tx, { action: 'client.create', actor: 'operator:c_1', target: 'client:c_2', ...act }));
const list = (request: Partial<ListAuditEventsRequest> = {}) => listAudit(database, 'token', ListAuditEventsRequest.create(request));

beforeAll(async () => {
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'token');
  await migrate({ ownerUrl, serviceUrl, service: 'token', migrations: [migration('Audit1700000000000', auditTables())] });
  database = await open({ url: serviceUrl, service: 'token' });
});

afterAll(async () => {
  await database.close();
  await postgres.stop();
});

beforeEach(async () => {
  await sql('DELETE FROM audit');
  await sql("UPDATE audit_head SET sequence = 0, chain_hash = ''");
});

test('the row is written with the change or not at all', async () => {
  const changing = database.transaction(async (tx) => {
    await appendAudit(tx, { action: 'client.create', actor: 'system', target: 'client:c_1' });
    throw new Error('no');
  });
  await expect(changing).rejects.toThrow('no');
  expect((await list()).audit_events).toEqual([]);
});

test('the sequencer chains rows after their commit; a changed or missing row is found', async () => {
  for (const name of ['a', 'b', 'c']) await append({ details: { name, nested: { z: 1, a: 'ü' } } });
  expect((await list()).audit_events[0]?.chain_hash).toBe('');
  await auditJob(database).run();
  const { audit_events } = await list();
  expect(new Set(audit_events.map(({ chain_hash }) => chain_hash)).size).toBe(3);
  expect(await verifyAuditChain(database)).toBeUndefined();

  await append();
  await auditJob(database).run();
  expect(await verifyAuditChain(database)).toBeUndefined();
  await sql(`UPDATE audit SET details = '{"name":"x"}' WHERE sequence = 2`);
  expect(await verifyAuditChain(database)).toBe(2);
  await sql('DELETE FROM audit WHERE sequence IN (1, 2)');
  expect(await verifyAuditChain(database)).toBe(1);
});

test('two sequencers at a time make one chain', async () => {
  await Promise.all(Array.from({ length: 50 }, () => append()));
  const runs = await Promise.allSettled([auditJob(database).run(), auditJob(database).run()]);
  expect(runs.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  expect(await verifyAuditChain(database)).toBeUndefined();
});

test('AuditService.ListAuditEvents: newest first, by pages, with ids of the owner', async () => {
  for (let at = 0; at < 5; at += 1) await append({ details: { at } });
  const first = await list({ page_size: 3 });
  const second = await list({ page_size: 3, page_token: first.next_page_token });
  const order = [...first.audit_events, ...second.audit_events].map(({ details }) => JSON.parse(details).at);
  expect(order).toEqual([4, 3, 2, 1, 0]);
  expect(second.next_page_token).toBe('');
  expect(first.audit_events[0]?.audit_event_id).toMatch(/^token\/\d+$/);
  expect(Math.abs((first.audit_events[0]?.at_ms ?? 0) - Date.now())).toBeLessThan(60_000);
});

test('AuditService.ListAuditEvents: filters on action, actor, target and owner', async () => {
  await append({ action: 'client.delete' });
  await append({ action: 'key.rotate', target: 'key:k' });
  const count = async (filter: string) => (await list({ filter })).audit_events.length;
  expect(await count('action = "client.*"')).toBe(1);
  expect(await count('target = "key:k" AND actor = "operator:c_1"')).toBe(1);
  expect(await count('owner = "token"')).toBe(2);
  expect(await count('owner = "session"')).toBe(0);
});
