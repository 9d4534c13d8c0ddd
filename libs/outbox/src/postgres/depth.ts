import { type Database, statement } from '@authority/postgres';
import { gauge, labelNames, metricNames } from '@authority/telemetry';
import type { Queue } from '../outbox.ts';
import { deadLettersOf } from './queues.ts';

const { queue: queueLabel } = labelNames;
const waiting = gauge(metricNames.outboxWaiting, 'What waits in the outbox, for its first attempt or for another.', [queueLabel]);
const oldest = gauge(metricNames.outboxOldest, 'How long the oldest of what is due in the outbox has waited.', [queueLabel]);
const dead = gauge(metricNames.outboxDead, 'Dead letters of the outbox: an operator can replay them.', [queueLabel]);

interface DepthRow {
  name: string;
  waiting: number;
  oldest_seconds: number;
}

const depth = statement(
  'outbox_depth',
  `SELECT name, count(*)::int AS waiting,
     coalesce(extract(epoch FROM clock_timestamp() - min(start_after) FILTER (WHERE start_after <= clock_timestamp())), 0)::float8 AS oldest_seconds
   FROM job WHERE name = ANY ($1) AND state IN ('created', 'retry') GROUP BY name`,
);

/** Asks at once and then each `everyMs`; every replica tells the same. */
export function watchDepth(database: Database, queues: readonly Queue<unknown>[], everyMs: number): () => void {
  const names = queues.flatMap((queue) => [queue.name, deadLettersOf(queue)]);
  const look = async (): Promise<void> => {
    const rows = await database.query<DepthRow>(depth, [names]);
    for (const queue of queues) {
      const row = rows.find(({ name }) => name === queue.name);
      waiting.set(row?.waiting ?? 0, { queue: queue.name });
      oldest.set(row?.oldest_seconds ?? 0, { queue: queue.name });
      dead.set(rows.find(({ name }) => name === deadLettersOf(queue))?.waiting ?? 0, { queue: queue.name });
    }
  };
  // The store is away: the other metrics say so.
  const quietly = () => void look().catch(() => undefined);
  quietly();
  const timer = setInterval(quietly, everyMs).unref();
  return () => clearInterval(timer);
}
