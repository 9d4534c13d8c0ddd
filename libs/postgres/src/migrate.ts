import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { assertServiceName, clientConfig } from './connection-settings.ts';
import { lockKey } from './control.ts';
import type { Queryable } from './database.ts';
import type { Migration } from './migration.ts';
import { silence } from './orm.ts';
import { partitionFunctions } from './partitions.ts';
import { ensureRole, grants, serviceRole } from './role.ts';
import { isConnectionLost } from './store-error.ts';

export interface MigrateOptions {
  /** The owner of the schemas. */
  ownerUrl: string;
  /** The service's own URL: its role is made, with its password and rights. Unset: the service connects as the owner. */
  serviceUrl?: string;
  service: string;
  migrations: readonly Migration[];
  /** Runs last, as the owner, in one transaction and still under the lock: makes first keys and the like. */
  afterwards?: (tx: Queryable) => Promise<void>;
  /** How long to wait for a server that is not there yet, and for another migration to end. */
  patienceMs?: number;
}

/**
 * Brings a service's schema up to date. One at a time in the whole database; whoever comes second finds nothing to do.
 * A migration waits for a table at most two seconds at a time, so that it never makes a queue of requests behind it.
 */
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  assertServiceName(options.service);
  const deadline = Date.now() + (options.patienceMs ?? 60_000);
  const owner = await connect(options, deadline);
  try {
    await patiently(deadline, () => owner.query(`SELECT pg_advisory_lock(${lockKey('authority.migrate')})`));
    const user = (await owner.query('SELECT current_user AS name')).rows[0]?.name as string;
    const role = serviceRole(options.serviceUrl, user);
    await ensureSchema(owner, options.service);
    if (role) await ensureRole(owner, role);
    await runAll(owner, partitionFunctions(options.service), deadline);
    const applied = await patiently(deadline, () => applyMigrations(options));
    await runAll(owner, grants(options.service, role?.name), deadline);
    if (options.afterwards) await inTransaction(owner, options.afterwards);
    return { applied };
  } finally {
    await owner.end(); // and the lock with it
  }
}

function ownerConfig({ ownerUrl, service }: MigrateOptions): pg.ClientConfig {
  const config = clientConfig({ url: ownerUrl, service, statementTimeoutMs: 600_000, lockTimeoutMs: 2000 });
  return { ...config, connectionTimeoutMillis: 5000 };
}

/** A database that is being started with us may take a moment. */
async function connect(options: MigrateOptions, deadline: number): Promise<pg.Client> {
  for (;;) {
    const client = new pg.Client(ownerConfig(options));
    client.on('error', () => {}); // the statement under way is told by its own promise
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (!isConnectionLost(error) || Date.now() > deadline) throw error;
      await sleep(250);
    }
  }
}

/** Tries again what ran into lock_timeout (55P03), or into another one that changed the same catalog row (XX000). */
async function patiently<T>(deadline: number, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isBusy = error instanceof Error && 'code' in error && (error.code === '55P03' || error.code === 'XX000');
      if (!isBusy || Date.now() > deadline) throw error;
      await sleep(100 + Math.random() * 200);
    }
  }
}

async function ensureSchema(owner: pg.Client, schema: string): Promise<void> {
  const { rows } = await owner.query({ text: 'SELECT FROM pg_namespace WHERE nspname = $1', values: [schema] });
  // Asked first: CREATE SCHEMA IF NOT EXISTS wants the right to create even where there is nothing to do.
  if (rows.length === 0) await owner.query(`CREATE SCHEMA ${schema}`);
}

async function runAll(owner: pg.Client, texts: readonly string[], deadline: number): Promise<void> {
  for (const text of texts) await patiently(deadline, () => owner.query(text));
}

async function applyMigrations(options: MigrateOptions): Promise<string[]> {
  const { DataSource } = await import('typeorm');
  const { connectionString: _, ...extra } = ownerConfig(options);
  const source = new DataSource({
    type: 'postgres',
    driver: pg,
    url: options.ownerUrl,
    schema: options.service,
    migrations: [...options.migrations],
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    installExtensions: false,
    poolErrorHandler: () => {},
    extra: { ...extra, max: 1 },
    logger: silence,
  });
  await source.initialize();
  try {
    const applied = await source.runMigrations({ transaction: 'each' });
    return applied.map((one) => one.name);
  } finally {
    await source.destroy();
  }
}

async function inTransaction(owner: pg.Client, work: (tx: Queryable) => Promise<void>): Promise<void> {
  const tx: Queryable = {
    query: async <R>({ text }: { text: string }, values: readonly unknown[] = []) =>
      (await owner.query({ text, values: [...values] })).rows as R[], // the caller's statement says what a row is
  };
  await owner.query('BEGIN');
  try {
    await work(tx);
    await owner.query('COMMIT');
  } catch (error) {
    await owner.query('ROLLBACK');
    throw error;
  }
}
