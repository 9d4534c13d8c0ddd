import { auditJob } from '@authority/audit';
import { feedJob } from '@authority/feed';
import type { Job } from '@authority/jobs';
import { type Database, dropPartitionsBefore, ensurePartitions, type Queryable } from '@authority/postgres';

const dayMs = 86_400_000;
/** A session lives 30 days at most (settings.ts). */
const aheadMs = 33 * dayMs;

/** Days that sessions of today may end on; asked for again every hour, a month ahead. */
export async function ensureEndedSessions(tx: Queryable, now: number): Promise<void> {
  await ensurePartitions(tx, 'ended_sessions', new Date(now - dayMs), new Date(now + aheadMs), 'day');
}

/** What session does by itself. */
export const sessionJobs = (database: Database): Job[] => [
  auditJob(database),
  feedJob(database),
  {
    name: 'ended_sessions.partitions',
    everyMs: 3_600_000,
    run: async () => {
      await ensureEndedSessions(database, Date.now());
      // A day behind: a replica whose clock is late still asks for it.
      await dropPartitionsBefore(database, 'ended_sessions', new Date(Date.now() - dayMs), 'day');
    },
  },
];
