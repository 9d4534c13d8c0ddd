import pg, { type ClientConfig } from 'pg';

/** bigint, date and bigint[] as Queryable promises them; everything else as pg has it. */
const ownTypes = new Map<number, (value: string) => unknown>([
  [20, safeInteger],
  [1082, (value) => value],
  [
    1016,
    (value) =>
      value === '{}'
        ? []
        : value
            .slice(1, -1)
            .split(',')
            .map((item) => (item === 'NULL' ? null : safeInteger(item))),
  ],
]);

function safeInteger(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError('A bigint of the database is past 2^53.');
  return number;
}

export interface ConnectionOptions {
  url: string;
  service: string;
  statementTimeoutMs: number;
  lockTimeoutMs: number;
}

/** A dead peer is noticed by the server too, so that what its connection held (locks) goes to others soon. */
const keepalives = '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 -c tcp_user_timeout=10000';

/** Statements are kept with their plans: one that was made while a table was small must not read all of it later. */
const byKey = '-c enable_seqscan=off';

/**
 * The search path goes with the connection, not only with the role: where one role serves all services (a laptop), each
 * still sees its own schema and no other.
 */
export function clientConfig(options: ConnectionOptions): ClientConfig {
  const url = new URL(options.url);
  const given = url.searchParams.get('options');
  url.searchParams.delete('options');
  return {
    connectionString: url.href,
    application_name: `authority-${options.service}`,
    options: [given, `-c search_path=${options.service}`, keepalives, byKey].filter(Boolean).join(' '),
    connectionTimeoutMillis: 800,
    statement_timeout: options.statementTimeoutMs,
    lock_timeout: options.lockTimeoutMs,
    idle_in_transaction_session_timeout: options.statementTimeoutMs * 2,
    // The server's own time-out comes first; this is for a server that no longer answers at all.
    query_timeout: options.statementTimeoutMs + 500,
    keepAlive: true,
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        (format === 'binary' ? undefined : ownTypes.get(oid)) ??
        pg.types.getTypeParser(oid, format ?? 'text')) as typeof pg.types.getTypeParser, // overloads
    },
  };
}

/** A service's name is its schema, and part of SQL texts: a short lower-case word. */
export function assertServiceName(service: string): void {
  if (!/^[a-z][a-z0-9_]{0,30}$/.test(service)) throw new TypeError(`${service} cannot be the name of a service and its schema.`);
}
