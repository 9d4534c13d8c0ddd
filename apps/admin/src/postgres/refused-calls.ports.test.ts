import { type Database, open } from '@authority/postgres';
import { type TestPostgres, testPostgres } from '@authority/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrateAdmin } from '../admin.ts';
import type { RefusedCall } from '../refused-calls.ts';
import { ringSize } from './migrations.ts';
import { PostgresRefusedCalls } from './refused-calls.ts';

let postgres: TestPostgres;
let ownerUrl: string;
let database: Database;
let calls: PostgresRefusedCalls;

beforeAll(async () => {
  postgres = await testPostgres();
  ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'admin');
  await migrateAdmin({ ownerUrl, serviceUrl });
  database = await open({ url: serviceUrl, service: 'admin' });
  calls = new PostgresRefusedCalls(database);
});
afterAll(async () => {
  await database?.close();
  await postgres?.stop();
});

const refused = (operator: string | undefined): RefusedCall => ({
  path: '/authority.admin.v1.ClientService/GetClient',
  operator,
  address: '127.0.0.1:4711',
  reason: operator ? 'token_scope_insufficient' : 'token_missing',
});

async function asOwner(text: string): Promise<{ n: string }[]> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    return (await client.query<{ n: string }>(text)).rows;
  } finally {
    await client.end();
  }
}

describe('contract.md: refused calls', () => {
  test('house.md: a refused call is kept and listed as an audit event, newest first, by filter and in pages', async () => {
    for (let i = 0; i < 5; i++) calls.add(refused(i % 2 === 0 ? 'c_1' : undefined));
    await calls.stop();

    const all = await calls.stream.list({ page_size: 0, page_token: '', filter: '' });
    expect(all.audit_events).toHaveLength(5);
    expect(all.audit_events[0]).toMatchObject({
      audit_event_id: 'admin/5',
      action: 'admin.refuse',
      actor: 'operator:c_1',
      target: 'rpc:authority.admin.v1.ClientService/GetClient',
      details: '{"address":"127.0.0.1:4711","reason":"token_scope_insufficient"}',
    });

    const seen: string[] = [];
    let page_token = '';
    do {
      const filter = 'actor = "unknown" AND action = "admin.*" AND owner = "admin"';
      const answer = await calls.stream.list({ page_size: 1, page_token, filter });
      seen.push(...answer.audit_events.map(({ audit_event_id }) => audit_event_id));
      page_token = answer.next_page_token;
    } while (page_token !== '');
    expect(seen).toEqual(['admin/4', 'admin/2']);
    expect((await calls.stream.list({ page_size: 0, page_token: '', filter: 'action = "client.*"' })).audit_events).toEqual([]);
  });

  test('house.md: the table is a ring: it has an end, and the oldest are written over', async () => {
    await asOwner(`SELECT setval('admin.refused_call_number', ${ringSize * 3})`);
    for (let i = 0; i < 8; i++) calls.add(refused(`c_new${i}`));
    await calls.stop();
    const { audit_events } = await calls.stream.list({ page_size: 0, page_token: '', filter: '' });
    // Eight new ones took the places 1 to 8, five of which were taken.
    expect(audit_events.map(({ actor }) => actor)).toEqual([7, 6, 5, 4, 3, 2, 1, 0].map((i) => `operator:c_new${i}`));
    expect(await asOwner('SELECT count(*) AS n FROM admin.refused_call WHERE slot >= 0')).toEqual([{ n: '8' }]);
  });

  test('house.md: a flood is one statement, and what is beyond its bound is counted, not kept', async () => {
    const before = await calls.stream.list({ page_size: 500, page_token: '', filter: 'actor = "operator:flood"' });
    for (let i = 0; i < 10_000; i++) calls.add(refused('flood'));
    await calls.stop();
    const after = await calls.stream.list({ page_size: 500, page_token: '', filter: 'actor = "operator:flood"' });
    expect(before.audit_events).toEqual([]);
    expect(after.audit_events).toHaveLength(200);
  });
});
