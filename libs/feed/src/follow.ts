import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FeedEntry, PullFeedRequest, type PullFeedResponse } from '@authority/contracts/rpc';
import { type Database, type Queryable, statement } from '@authority/postgres';
import { log } from '@authority/telemetry';

export interface FollowFeedOptions {
  /** Whose feed: `identity`, `session`. Names the cursor. */
  readonly name: string;
  readonly pull: (request: PullFeedRequest, signal: AbortSignal) => Promise<PullFeedResponse>;
  /** Idempotent; its transaction also moves the cursor. */
  readonly apply: (tx: Queryable, entries: readonly FeedEntry[]) => Promise<void>;
  /** After the commit, before the owner hears that this replica has passed: for what is held in memory. */
  readonly applied?: () => Promise<void> | void;
  readonly database: Database;
  /** This dependent's service and replica; made from the schema's name when left out. */
  readonly dependent?: string;
  readonly waitMs?: number;
  /** Before the first retry; the pause doubles up to a second. */
  readonly retryMs?: number;
}

export interface Following {
  stop(): Promise<void>;
  /** Milliseconds of the last pull that went well, and was applied; 0 before the first. */
  lastGoodAt(): number;
}

const findCursor = statement(
  'feed_cursor_find',
  'SELECT coalesce((SELECT cursor FROM feed_cursors WHERE feed = $1), 0) AS cursor, current_schema() AS schema',
);
const makeCursor = statement('feed_cursor_make', 'INSERT INTO feed_cursors (feed) VALUES ($1) ON CONFLICT DO NOTHING');
const lockCursor = statement('feed_cursor_lock', 'SELECT cursor FROM feed_cursors WHERE feed = $1 FOR UPDATE');
const moveCursor = statement('feed_cursor_move', 'UPDATE feed_cursors SET cursor = $2 WHERE feed = $1');

/** Shorter than the time after which an owner calls a dependent unseen. */
const defaultWaitMs = 5000;
const defaultRetryMs = 100;
const longestRetryMs = 1000;
const pageSize = 500;

/** Follows an owner's feed by long polls until stopped; what goes wrong is tried again. */
export function followFeed(options: FollowFeedOptions): Following {
  const stopping = new AbortController();
  let lastGoodAt = 0;
  const running = follow(options, stopping.signal, () => {
    lastGoodAt = Date.now();
  });
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
    lastGoodAt: () => lastGoodAt,
  };
}

async function follow(options: FollowFeedOptions, signal: AbortSignal, good: () => void): Promise<void> {
  const replica = randomUUID().slice(0, 8);
  let position: { cursor: number; dependent: string } | undefined;
  const firstRetryMs = options.retryMs ?? defaultRetryMs;
  let retryMs = firstRetryMs;
  while (!signal.aborted) {
    try {
      position ??= await findPosition(options, replica);
      position = { ...position, cursor: await step(options, position, signal) };
      good();
      retryMs = firstRetryMs;
    } catch (error) {
      if (signal.aborted) return;
      if (retryMs === longestRetryMs) log.warn('feed.behind', { feed: options.name, error: String(error) });
      await sleep(retryMs, undefined, { signal }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, longestRetryMs);
    }
  }
}

async function findPosition(options: FollowFeedOptions, replica: string) {
  const [row] = await options.database.query<{ cursor: number; schema: string }>(findCursor, [options.name]);
  return { cursor: row?.cursor ?? 0, dependent: options.dependent ?? `${row?.schema}/${replica}` };
}

async function step(
  options: FollowFeedOptions,
  { cursor, dependent }: { cursor: number; dependent: string },
  signal: AbortSignal,
): Promise<number> {
  const request = PullFeedRequest.create({ cursor, wait_ms: options.waitMs ?? defaultWaitMs, limit: pageSize, dependent });
  const pulled = await unlessStopped(options.pull(request, signal), signal);
  if (pulled.entries.length === 0 && pulled.cursor === cursor) return cursor;

  const reached = await options.database.transaction((tx) => applyAndMove(tx, options, cursor, pulled));
  await options.applied?.();
  return reached;
}

/** A long poll may have seconds to go; who stops does not wait for it. */
function unlessStopped<T>(pulling: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
    pulling.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Replicas of a dependent share one cursor: who finds it moved drops what it pulled and goes on from there. */
async function applyAndMove(tx: Queryable, options: FollowFeedOptions, from: number, pulled: PullFeedResponse): Promise<number> {
  await tx.query(makeCursor, [options.name]);
  const [row] = await tx.query<{ cursor: number }>(lockCursor, [options.name]);
  const stored = row?.cursor ?? 0;
  if (stored !== from) return stored;

  if (pulled.entries.length > 0) await options.apply(tx, pulled.entries);
  await tx.query(moveCursor, [options.name, pulled.cursor]);
  return pulled.cursor;
}
