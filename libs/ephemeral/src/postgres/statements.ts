import { type Statement, statement } from '@authority/postgres';

/**
 * Every statement asks whether the store is in the caller's epoch ($1), and does nothing where it is not. One that is
 * in it always answers at least one row.
 */
const live = 'live AS MATERIALIZED (SELECT 1 FROM ephemeral_state WHERE epoch = $1)';
const inMs = (value: string): string => `now() + ${value} * interval '1 millisecond'`;

/** Each table of the rings has its own, so that a look-up is that of a plain table. */
export interface RingStatements {
  get: Statement;
  put: Statement;
  take: Statement;
  compareAndSet: Statement;
  remove: Statement;
  mark: Statement;
  count: Statement;
}

export function ringStatements(table: string): RingStatements {
  const named = (verb: string, text: string): Statement => statement(`${table}.${verb}`, text);
  return {
    get: named(
      'get',
      `SELECT t.name, t.value FROM ephemeral_state s
         LEFT JOIN ${table} t ON t.name = ANY($2::text[]) AND t.expires_at > now() WHERE s.epoch = $1`,
    ),
    put: named(
      'put',
      `WITH ${live}, done AS (
         INSERT INTO ${table} (name, value, expires_at)
         SELECT i.name, i.value, ${inMs('i.ttl')} FROM live, unnest($2::text[], $3::text[], $4::bigint[]) AS i(name, value, ttl) ORDER BY 1
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at)
       SELECT 1 FROM live`,
    ),
    take: named(
      'take',
      `WITH ${live}, gone AS (DELETE FROM ${table} t USING live WHERE t.name = $2 RETURNING t.value, t.expires_at)
       SELECT gone.value FROM live LEFT JOIN gone ON gone.expires_at > now()`,
    ),
    compareAndSet: named(
      'compare_and_set',
      `WITH ${live}, done AS (
         UPDATE ${table} t SET value = $4, expires_at = ${inMs('$5::bigint')} FROM live
         WHERE t.name = $2 AND t.value = $3 AND t.expires_at > now() RETURNING 1)
       SELECT EXISTS (SELECT FROM done) AS done FROM live`,
    ),
    remove: named('remove', `WITH ${live}, gone AS (DELETE FROM ${table} t USING live WHERE t.name = $2) SELECT 1 FROM live`),
    mark: named(
      'mark',
      `WITH ${live}, done AS (
         INSERT INTO ${table} AS t (name, expires_at)
         SELECT i.name, ${inMs('i.ttl')} FROM live, unnest($2::text[], $3::bigint[]) AS i(name, ttl) ORDER BY 1
         ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at WHERE t.expires_at <= now() RETURNING t.name)
       SELECT done.name FROM live LEFT JOIN done ON true`,
    ),
    count: named(
      'count',
      `WITH ${live}, done AS (
         INSERT INTO ${table} AS t (name, count, expires_at)
         SELECT i.name, i.count, ${inMs('i.ttl')} FROM live, unnest($2::text[], $3::bigint[], $4::bigint[]) AS i(name, count, ttl) ORDER BY 1
         ON CONFLICT (name) DO UPDATE SET count = t.count + excluded.count RETURNING t.name, t.count)
       SELECT done.name, done.count FROM live LEFT JOIN done ON true`,
    ),
  };
}

export const indexStatements = {
  add: statement(
    'ephemeral_index.add',
    `WITH ${live}, done AS (
       INSERT INTO ephemeral_index AS t (slot, name, member, expires_at) SELECT $2::int, $3, $4, to_timestamp($5::bigint / 1000.0) FROM live
       ON CONFLICT (name, member, slot) DO UPDATE SET expires_at = greatest(t.expires_at, excluded.expires_at))
     SELECT 1 FROM live`,
  ),
  members: statement(
    'ephemeral_index.members',
    `SELECT DISTINCT t.member FROM ephemeral_state s
       LEFT JOIN ephemeral_index t ON t.name = $2 AND t.expires_at > now() WHERE s.epoch = $1`,
  ),
  remove: statement(
    'ephemeral_index.remove',
    `WITH ${live}, gone AS (DELETE FROM ephemeral_index t USING live WHERE t.name = $2 AND t.member = $3) SELECT 1 FROM live`,
  ),
};

export const stateStatements = {
  read: statement('ephemeral_state.read', 'SELECT epoch, beat FROM ephemeral_state'),
  begin: statement(
    'ephemeral_state.begin',
    `INSERT INTO ephemeral_state (one, epoch, beat) VALUES (true, $1, $2)
     ON CONFLICT (one) DO UPDATE SET epoch = excluded.epoch, beat = excluded.beat`,
  ),
  beat: statement(
    'ephemeral_state.beat',
    'UPDATE ephemeral_state SET beat = greatest(beat + 1, $3::bigint) WHERE epoch = $1 AND beat >= $2::bigint RETURNING beat',
  ),
};

export const upkeepStatements = {
  lock: statement('ephemeral.upkeep.lock', "SELECT pg_try_advisory_xact_lock(hashtext('ephemeral'), hashtext(current_schema())) AS locked"),
  now: statement('ephemeral.upkeep.now', 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now'),
  filled: statement(
    'ephemeral.upkeep.filled',
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = current_schema()::regnamespace AND relpersistence = 'u' AND relname = ANY($1::text[]) AND pg_relation_size(oid) > 0`,
  ),
};
