import { type Database, statement } from '@authority/postgres';

// Longer than any dependent may be away, and than the absolute life of what most entries end.
const dropEntries = statement(
  'feed_prune',
  `DELETE FROM feed WHERE id IN (
     SELECT id FROM feed WHERE at < clock_timestamp() - interval '30 days' AND sequence IS NOT NULL ORDER BY at LIMIT 10000
   )`,
);
const dropDependents = statement('feed_forget', "DELETE FROM feed_dependents WHERE seen_at < clock_timestamp() - interval '1 hour'");

/** Keeps the feed and the list of its dependents from growing for ever. */
export function feedJob(database: Database): { name: string; everyMs: number; run: () => Promise<void> } {
  return {
    name: 'feed.prune',
    everyMs: 3_600_000,
    run: async () => {
      await database.query(dropEntries);
      await database.query(dropDependents);
    },
  };
}
