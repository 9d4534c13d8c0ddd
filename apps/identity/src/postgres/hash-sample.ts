import { type Database, statement } from '@authority/postgres';

// ANALYZE keeps a hundred subjects that are equally far apart among all (pg_stats): a fair sample that costs a look-up each,
// and the same one for every replica until it runs again.
const sample = statement(
  'hash_sample',
  `SELECT data ->> 'phc' AS hash FROM credentials WHERE kind = 'password' AND sub = ANY (coalesce(
     (SELECT histogram_bounds::text::uuid[] FROM pg_stats
      WHERE schemaname = current_schema() AND tablename = 'identities' AND attname = 'sub'),
     ARRAY(SELECT sub FROM identities ORDER BY sub LIMIT 100)))`,
);

/** Password hashes of a hundred people who stand for all. */
export async function hashSample(database: Pick<Database, 'query'>): Promise<string[]> {
  return (await database.query<{ hash: string }>(sample)).map(({ hash }) => hash);
}
