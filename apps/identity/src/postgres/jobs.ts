import { auditJob } from '@authority/audit';
import { feedJob } from '@authority/feed';
import type { Job } from '@authority/jobs';
import { type Database, dropPartitionsBefore, ensurePartitions, type Queryable, statement } from '@authority/postgres';

const forgetBrowsers = statement(
  'browsers_forget',
  `DELETE FROM known_browsers WHERE (sub, browser) IN (
     SELECT sub, browser FROM known_browsers WHERE seen_at < clock_timestamp() - interval '90 days' LIMIT 10000
   )`,
);

const forgetAttempts = statement(
  'attempts_forget',
  `DELETE FROM attempts WHERE (sub, what, browser) IN (
     SELECT sub, what, browser FROM attempts
     WHERE counted_at < clock_timestamp() - CASE WHEN browser = '' THEN interval '1 day' ELSE interval '90 days' END LIMIT 10000
   )`,
);

const hourMs = 3_600_000;
/** A verification lives a day at most (settings.ts); what is counted by day is a day old. */
const codesAheadMs = 27 * hourMs;
const codesBehindMs = 26 * hourMs;

/** Hours in which codes of today may expire; asked for again every quarter of an hour, more than a day ahead. */
export async function ensureCodes(tx: Queryable, now: number): Promise<void> {
  await ensurePartitions(tx, 'one_time_codes', new Date(now - hourMs), new Date(now + codesAheadMs), 'hour');
}

/** What identity does by itself. */
export const identityJobs = (database: Database): Job[] => [
  auditJob(database),
  feedJob(database),
  {
    name: 'browsers.forget',
    everyMs: 3_600_000,
    run: async () => {
      await database.query(forgetBrowsers);
    },
  },
  {
    name: 'one_time_codes.partitions',
    everyMs: hourMs / 4,
    run: async () => {
      await ensureCodes(database, Date.now());
      await dropPartitionsBefore(database, 'one_time_codes', new Date(Date.now() - codesBehindMs), 'hour');
    },
  },
  {
    name: 'attempts.forget',
    everyMs: 3_600_000,
    run: async () => {
      await database.query(forgetAttempts);
    },
  },
];
