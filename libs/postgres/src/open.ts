import pg from 'pg';
import type { DataSource, EntitySchema } from 'typeorm';
import { assertServiceName, type ConnectionOptions, clientConfig } from './connection-settings.ts';
import { ControlConnection, destroy } from './control.ts';
import { type Database, type Lease, type Queryable, type Statement, statement } from './database.ts';
import { connectOrm } from './orm.ts';
import { toStoreError } from './store-error.ts';

export interface OpenOptions {
  url: string;
  /** The service's name, which is its schema's. */
  service: string;
  poolSize?: number;
  statementTimeoutMs?: number;
  lockTimeoutMs?: number;
  /** What orm() knows. */
  entities?: readonly EntitySchema[];
}

/**
 * Opens a service's database. Does not fail when the server is away: calls then throw UNAVAILABLE at once, and work
 * again within half a second of its return.
 */
export async function open(options: OpenOptions): Promise<Database> {
  assertServiceName(options.service);
  const database = new PostgresDatabase(options);
  await database.start();
  return database;
}

const countMigrations = statement('authority.schema_version', 'SELECT count(*)::int AS version FROM migrations');

class PostgresDatabase implements Database {
  private readonly options: OpenOptions;
  private readonly connection: ConnectionOptions;
  private readonly pool: pg.Pool;
  private readonly control: ControlConnection;
  private readonly clients = new Set<pg.PoolClient>();
  private source: Promise<DataSource> | undefined;

  constructor(options: OpenOptions) {
    const { url, service, statementTimeoutMs = 5000, lockTimeoutMs = 500 } = options;
    this.options = options;
    this.connection = { url, service, statementTimeoutMs, lockTimeoutMs };
    this.pool = new pg.Pool({
      ...clientConfig(this.connection),
      max: options.poolSize ?? 8,
      // Waiting for a free connection counts as well: a caller hears within a second.
      connectionTimeoutMillis: 900,
      idleTimeoutMillis: 60_000,
      maxLifetimeSeconds: 3600,
    });
    this.pool.on('connect', (client) => {
      this.clients.add(client);
      client.on('error', () => {}); // whoever waits for an answer is told by its own promise
    });
    this.pool.on('remove', (client) => this.clients.delete(client));
    this.pool.on('error', () => {}); // an idle connection broke: the pool has let go of it already
    this.control = new ControlConnection(this.connection, () => this.breakOff());
  }

  start(): Promise<void> {
    return this.control.start();
  }

  /** The server no longer answers: whoever waits for it is told now. */
  private breakOff(): void {
    for (const client of this.clients) destroy(client);
  }

  query<R>(statement: Statement, values?: readonly unknown[]): Promise<R[]> {
    return this.withClient((client) => run<R>(client, statement, values), true);
  }

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.withClient(async (client) => {
      let isOpen = true;
      const tx: Queryable = {
        query: async <R>(statement: Statement, values?: readonly unknown[]): Promise<R[]> => {
          // A forgotten await would run outside of the transaction, on whoever has the connection then.
          if (!isOpen) throw new Error('The transaction has ended: a statement was not awaited.');
          try {
            return await run<R>(client, statement, values);
          } catch (error) {
            throw toStoreError(error);
          }
        },
      };
      await client.query('BEGIN');
      try {
        const result = await work(tx);
        isOpen = false;
        await commit(client);
        return result;
      } catch (error) {
        isOpen = false;
        await client.query('ROLLBACK');
        throw error;
      }
    }, false);
  }

  private async withClient<T>(work: (client: pg.PoolClient) => Promise<T>, mayRepeat: boolean): Promise<T> {
    let client: pg.PoolClient | undefined;
    try {
      if (this.control.away) throw this.control.away;
      client = await this.pool.connect();
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      client?.release(!isHealthyAfter(error));
      if (mayRepeat && isPlanLost(error)) return this.withClient(work, false);
      throw toStoreError(error);
    }
  }

  listen(channel: string, onNotify: (payload: string) => void): () => void {
    return this.control.listen(channel, onNotify);
  }

  tryLock(name: string): Promise<Lease | undefined> {
    return this.control.tryLock(name).catch((error: unknown) => Promise.reject(toStoreError(error)));
  }

  async orm(): Promise<DataSource> {
    this.source ??= connectOrm(this.connection, this.options.entities ?? []);
    try {
      return await this.source;
    } catch (error) {
      this.source = undefined;
      throw toStoreError(error);
    }
  }

  async schemaVersion(): Promise<number> {
    try {
      const [row] = await this.query<{ version: number }>(countMigrations);
      return row?.version ?? 0;
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === '42P01') return 0; // undefined_table
      throw error;
    }
  }

  isReady(): boolean {
    return this.control.away === undefined;
  }

  async close(): Promise<void> {
    await this.control.close();
    const source = await this.source?.catch(() => undefined);
    await Promise.all([this.pool.end(), source?.destroy()]);
  }
}

async function run<R>(client: pg.PoolClient, { name, text }: Statement, values: readonly unknown[] = []): Promise<R[]> {
  const query = name === '' ? { text, values: [...values] } : { name, text, values: values as unknown[] }; // pg does not change them
  const result: pg.QueryResult | pg.QueryResult[] = await client.query(query);
  // A text of several statements (cold paths only) answers with the rows of all of them.
  const rows = Array.isArray(result) ? result.flatMap((one) => one.rows) : result.rows;
  return rows as R[]; // the caller's statement says what a row is
}

/** COMMIT of a transaction in which a caught statement failed answers ROLLBACK without an error. */
async function commit(client: pg.PoolClient): Promise<void> {
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT') throw new Error('The transaction was rolled back: one of its statements had failed.');
}

/** An error of the statement leaves its connection as it was; any other may have broken it. */
function isHealthyAfter(error: unknown): boolean {
  if (isPlanLost(error)) return false;
  if (error instanceof pg.DatabaseError) return !/^(08|57P|25006|25P0[34])/.test(error.code ?? '');
  return !(error instanceof Error) || toStoreError(error) === error;
}

/** A migration changed what a kept plan answers, or a pooler gave us another server connection. */
function isPlanLost(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  return error.code === '26000' || (error.code === '0A000' && error.routine === 'RevalidateCachedQuery');
}
