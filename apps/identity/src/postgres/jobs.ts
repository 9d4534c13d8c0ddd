import { auditJob } from '@authority/audit';
import { feedJob } from '@authority/feed';
import type { Job } from '@authority/jobs';
import { type Database, statement } from '@authority/postgres';

const forgetBrowsers = statement(
  'browsers_forget',
  `DELETE FROM known_browsers WHERE (sub, browser) IN (
     SELECT sub, browser FROM known_browsers WHERE seen_at < clock_timestamp() - interval '90 days' LIMIT 10000
   )`,
);

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
];
