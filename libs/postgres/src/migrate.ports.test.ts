import { type TestPostgres, testPostgres } from '@authority/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statement } from './database.ts';
import { migrate } from './migrate.ts';
import { migration } from './migration.ts';
import { open } from './open.ts';

let server: TestPostgres;

const clients = migration('clients_1764000000000', ['CREATE TABLE clients (id bigserial PRIMARY KEY, name text)']);
const more = migration('more_1764000000001', ['ALTER TABLE clients ADD COLUMN more text', 'CREATE UNLOGGED TABLE short (id int)']);
const plain = (text: string) => statement('', text);

async function asOwner<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  server = await testPostgres();
});

afterAll(() => server.stop());

test('house.md: two migrations at once both succeed, and each step is applied once', async () => {
  const ownerUrl = await server.newDatabase();
  const serviceUrl = server.serviceUrl(ownerUrl, 'token');
  const options = { ownerUrl, serviceUrl, service: 'token', migrations: [clients, more] };
  const results = await Promise.all([migrate(options), migrate(options), migrate(options)]);
  expect(results.flatMap((result) => result.applied).sort()).toEqual(['clients_1764000000000', 'more_1764000000001']);
});

test('a later release applies only what is new, and a failed migration leaves nothing of itself', async () => {
  const ownerUrl = await server.newDatabase();
  const base = { ownerUrl, service: 'token' };
  expect(await migrate({ ...base, migrations: [clients] })).toEqual({ applied: ['clients_1764000000000'] });
  const bad = migration('bad_1764000000002', ['CREATE TABLE half (id int)', 'SELECT nonsense']);
  await expect(migrate({ ...base, migrations: [clients, bad] })).rejects.toThrow(/nonsense/);
  expect(await migrate({ ...base, migrations: [clients, more] })).toEqual({ applied: ['more_1764000000001'] });
  const { rows } = await asOwner(ownerUrl, (owner) => owner.query("SELECT to_regclass('token.half') AS half"));
  expect(rows).toEqual([{ half: null }]);
});

test('house.md: the role of a service has its rows, the TRUNCATE of unlogged tables, and nothing else', async () => {
  const ownerUrl = await server.newDatabase();
  const serviceUrl = server.serviceUrl(ownerUrl, 'token');
  await migrate({ ownerUrl, serviceUrl, service: 'token', migrations: [clients, more] });
  await migrate({ ownerUrl, serviceUrl: server.serviceUrl(ownerUrl, 'session'), service: 'session', migrations: [clients] });
  const database = await open({ url: serviceUrl, service: 'token' });
  await database.query(plain("INSERT INTO clients (name) VALUES ('a')"));
  expect(await database.query(plain('SELECT id, name FROM clients'))).toEqual([{ id: 1, name: 'a' }]);
  await database.query(plain('TRUNCATE short'));
  const forbidden = [
    ...['TRUNCATE clients', 'CREATE TABLE x ()', 'CREATE TABLE public.x ()', 'CREATE SCHEMA x', 'ALTER TABLE clients ADD COLUMN x int'],
    ...['SELECT 1 FROM session.clients', 'DELETE FROM migrations', 'DROP TABLE short', 'CREATE ROLE x'],
  ];
  for (const text of forbidden) await expect(database.query(plain(text)), text).rejects.toThrow(/permission denied|must be owner/);
  await database.close();
});

test('a new password in the URL is the role’s from the next migration on', async () => {
  const ownerUrl = await server.newDatabase();
  const serviceUrl = server.serviceUrl(ownerUrl, 'token');
  const options = { ownerUrl, service: 'token', migrations: [clients] };
  await migrate({ ...options, serviceUrl });
  const changed = new URL(serviceUrl);
  changed.password = 'p%C3%A4ss%20w%C3%B6rd%26';
  await migrate({ ...options, serviceUrl: changed.href });
  await asOwner(changed.href, (client) => client.query('SELECT 1'));
  await expect(asOwner(serviceUrl, (client) => client.query('SELECT 1'))).rejects.toThrow(/password/);
});

test('contract.md: an owner without CREATEROLE is told so in one line', async () => {
  const ownerUrl = await server.newDatabase();
  const weak = server.serviceUrl(ownerUrl, 'weak');
  const { username, password, pathname } = new URL(weak);
  await asOwner(ownerUrl, async (owner) => {
    await owner.query(`CREATE ROLE ${username} LOGIN PASSWORD '${password}'`);
    await owner.query(`GRANT CREATE ON DATABASE ${pathname.slice(1)} TO ${username}`);
  });
  const options = { ownerUrl: weak, service: 'token', migrations: [clients] };
  const serviceUrl = server.serviceUrl(ownerUrl, 'token');
  const error: unknown = await migrate({ ...options, serviceUrl }).catch((thrown: unknown) => thrown);
  expect(error instanceof Error && error.message).toMatch(/^The role \S+ does not exist.*CREATEROLE/);
  expect(error instanceof Error && error.message).not.toContain('\n');
  // A role that the operator has made is used as it is, and so is no role at all.
  await asOwner(ownerUrl, (owner) => owner.query(`CREATE ROLE ${new URL(serviceUrl).username} LOGIN`));
  expect((await migrate({ ...options, serviceUrl })).applied).toHaveLength(1);
  expect((await migrate({ ...options, serviceUrl: weak })).applied).toHaveLength(0);
});

test('ARCH: what comes afterwards runs under the lock, in one transaction, and not when it fails', async () => {
  const ownerUrl = await server.newDatabase();
  const options = { ownerUrl, service: 'token', migrations: [clients] };
  const insert = plain("INSERT INTO clients (name) SELECT 'first' WHERE NOT EXISTS (SELECT FROM clients)");
  const afterwards = async (tx: { query(text: typeof insert): Promise<unknown[]> }): Promise<void> => {
    await tx.query(insert);
    await new Promise((resolve) => setTimeout(resolve, 100));
  };
  await Promise.all([migrate({ ...options, afterwards }), migrate({ ...options, afterwards })]);
  const failing = async (tx: { query(text: typeof insert): Promise<unknown[]> }): Promise<void> => {
    await tx.query(plain("INSERT INTO clients (name) VALUES ('second')"));
    throw new Error('no key');
  };
  await expect(migrate({ ...options, afterwards: failing })).rejects.toThrow('no key');
  const { rows } = await asOwner(ownerUrl, (owner) => owner.query('SELECT name FROM token.clients'));
  expect(rows).toEqual([{ name: 'first' }]);
});

test('a migration waits for a table that is locked, and goes on', async () => {
  const ownerUrl = await server.newDatabase();
  const options = { ownerUrl, service: 'token' };
  await migrate({ ...options, migrations: [clients] });
  const waiting = asOwner(ownerUrl, async (client) => {
    await client.query('BEGIN; LOCK TABLE token.clients IN SHARE MODE');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await client.query('COMMIT');
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await migrate({ ...options, migrations: [clients, more] })).applied).toEqual(['more_1764000000001']);
  await waiting;
});

test('names that could not be a schema or a step are refused', async () => {
  await expect(migrate({ ownerUrl: 'postgres://localhost/x', service: 'Token; DROP', migrations: [] })).rejects.toThrow(TypeError);
  expect(() => migration('no_time', [])).toThrow(TypeError);
});
