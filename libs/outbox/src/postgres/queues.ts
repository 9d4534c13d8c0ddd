import type { PgBoss } from 'pg-boss';
import type { Queue } from '../outbox.ts';

const twoWeeks = 14 * 86_400;

/** Where dead letters of a queue lie. Nobody works there. */
export const deadLettersOf = (queue: Queue<unknown>): string => `${queue.name}.dead`;

/** Queues are rows: made when they are not there, and brought to this release's rules. No table is made for one. */
export async function createQueues(boss: PgBoss, queues: readonly Queue<unknown>[]): Promise<void> {
  for (const queue of queues) {
    await ensure(boss, deadLettersOf(queue), { retentionSeconds: twoWeeks, deleteAfterSeconds: 60 });
    await ensure(boss, queue.name, rulesOf(queue));
  }
}

const rulesOf = (queue: Queue<unknown>) => ({
  deadLetter: deadLettersOf(queue),
  retryLimit: queue.retries,
  retryDelay: queue.backoff.firstSeconds,
  retryBackoff: true,
  retryDelayMax: queue.backoff.longestSeconds,
  // The handler's own time-out comes first (attempt.ts); this is for a replica that died.
  expireInSeconds: Math.ceil(queue.timeoutMs / 1000) + 10,
  retentionSeconds: twoWeeks,
  // What was delivered is forgotten: it holds personal data.
  deleteAfterSeconds: 60,
});

async function ensure(boss: PgBoss, name: string, rules: Partial<ReturnType<typeof rulesOf>>): Promise<void> {
  // `short`: one for each singleton key waits.
  if (!(await boss.getQueue(name))) await boss.createQueue(name, { policy: 'short', notify: true, ...rules });
  // Another replica may have made it, by other rules.
  await boss.updateQueue(name, { notify: true, ...rules });
}
