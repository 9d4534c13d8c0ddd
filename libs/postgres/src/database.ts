import type { DataSource } from 'typeorm';

/**
 * An SQL text with the name under which the server keeps its plan. The empty name is for texts that are built at run
 * time (cold paths only).
 */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Names a statement, so that each connection parses and plans it once. */
export function statement(name: string, text: string): Statement {
  // PostgreSQL cuts names at 63 bytes, and two that are cut to the same would be one.
  if (Buffer.byteLength(name) > 63) throw new TypeError(`The statement name ${name} is longer than 63 bytes.`);
  return Object.freeze({ name, text });
}

/**
 * Where statements go. `bigint` columns are read as numbers (a value past 2^53 is a fault), `date` as text,
 * `timestamptz` as Date, `bytea` as Buffer, `jsonb` parsed.
 */
export interface Queryable {
  query<R>(statement: Statement, values?: readonly unknown[]): Promise<R[]>;
}

/** A lock that one session in the whole database holds. */
export interface Lease {
  /** Aborted when the connection that holds the lock is gone: another process may have it by now. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** One service's own schema in PostgreSQL, with the service's own role. */
export interface Database extends Queryable {
  /** One transaction (READ COMMITTED). Whatever `work` throws rolls it back. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  /**
   * Calls `onNotify` on each NOTIFY of the channel, and with '' after every connect, since notifications may have been
   * missed before it: a hint only, never the truth. Returns what ends it. Channels are of the whole database: begin
   * their names with the service's.
   */
  listen(channel: string, onNotify: (payload: string) => void): () => void;
  /** Takes an advisory lock for as long as this process is connected, or answers undefined when another has it. */
  tryLock(name: string): Promise<Lease | undefined>;
  /** TypeORM on the same URL, for cold paths (lists of the admin API). Throws UNAVAILABLE when the server is away. */
  orm(): Promise<DataSource>;
  /** How many migrations of this service the schema has had; 0 before the first. */
  schemaVersion(): Promise<number>;
  /** Whether the server answered the last time it was asked (it is asked four times a second). */
  isReady(): boolean;
  close(): Promise<void>;
}
