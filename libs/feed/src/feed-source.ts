import { FeedEntry, type PullFeedRequest, PullFeedResponse } from '@authority/contracts/rpc';
import { StatusError } from '@authority/errors';
import { type Database, statement } from '@authority/postgres';
import { Wake } from './wake.ts';

const settle = statement('feed_settle', 'SELECT feed_settle() AS head');

const read = statement(
  'feed_read',
  `SELECT sequence, version, event, sub, sid, why, (extract(epoch FROM at) * 1000)::bigint AS at_ms
   FROM feed WHERE sequence > $1 ORDER BY sequence LIMIT $2`,
);

const report = statement(
  'feed_report',
  `WITH reported AS (
     INSERT INTO feed_dependents (dependent, cursor, seen_at) VALUES ($1, $2, clock_timestamp())
     ON CONFLICT (dependent) DO UPDATE SET cursor = EXCLUDED.cursor, seen_at = EXCLUDED.seen_at
     RETURNING 1
   )
   SELECT pg_notify('feed_' || current_schema(), 'passed') FROM reported`,
);

// Who was seen in the last 10 s is waited for. Who was seen in the last minute is behind but may be gone: nobody waits for
// it, yet the act is not called finished. Later it is a replica that does not exist any more.
const behind = statement(
  'feed_behind',
  `SELECT count(*) FILTER (WHERE seen_at > clock_timestamp() - interval '10 seconds')::int AS live, count(*)::int AS known
   FROM feed_dependents
   WHERE cursor < (SELECT coalesce(sequence, 9223372036854775807) FROM feed WHERE id = $1)
     AND seen_at > clock_timestamp() - interval '60 seconds'`,
);

const schemaName = statement('feed_schema', 'SELECT current_schema() AS schema');

/** NOTIFY is a hint; this is how late a reader may be without it. */
const pollMs = 500;
const longestWaitMs = 30_000;
const largestPage = 1000;

interface FeedRow {
  sequence: number;
  version: number;
  event: string;
  sub: string;
  sid: string;
  why: string;
  at_ms: number;
}

/** An owner's side of its feed: dependents pull from it, acts ask whether the dependents have passed them. */
export class FeedSource {
  readonly #database: Database;
  readonly #appended = new Wake();
  readonly #passed = new Wake();
  #listening: Promise<void> | undefined;
  #stopListening: (() => void) | undefined;
  #isClosed = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Answers at once when there is something after the cursor, else within `wait_ms`. The cursor asked with is what the
   *  dependent has applied. */
  async pull(request: PullFeedRequest, signal?: AbortSignal): Promise<PullFeedResponse> {
    // A dependent that is answered would ask again at once, for as long as this process takes to stop.
    if (this.#isClosed) throw new StatusError('UNAVAILABLE', 'peer_unavailable', { retryAfterMs: 1000 });
    await this.#listen();
    const deadline = Date.now() + Math.min(request.wait_ms, longestWaitMs);
    const limit = Math.min(request.limit || largestPage, largestPage);
    // A cursor beyond the head: this log was restored from an older state. Entries are idempotent, so all of it again.
    const head = await this.#settle();
    const cursor = request.cursor > head ? 0 : request.cursor;
    if (request.dependent !== '') await this.#database.query(report, [request.dependent, cursor]);

    for (;;) {
      const turn = this.#appended.turn;
      await this.#settle();
      const rows = await this.#database.query<FeedRow>(read, [cursor, limit]);
      const left = deadline - Date.now();
      if (rows.length > 0 || left <= 0 || this.#isClosed || signal?.aborted) return response(rows, cursor);
      await this.#appended.after(turn, Math.min(left, pollMs), signal);
    }
  }

  /** Whether every dependent has applied the entry, waiting up to `timeoutMs`. Asked after the commit; never throws, for
   *  the act is done. */
  async passed(entry: number, timeoutMs = 1000): Promise<boolean> {
    const deadline = Date.now() + timeoutMs;
    try {
      await this.#listen();
      await this.#settle();
      for (;;) {
        const turn = this.#passed.turn;
        const [row] = await this.#database.query<{ live: number; known: number }>(behind, [entry]);
        const left = deadline - Date.now();
        if (row === undefined || row.live === 0 || left <= 0) return row?.known === 0;
        await this.#passed.after(turn, Math.min(left, pollMs / 5));
      }
    } catch {
      return false;
    }
  }

  /** Long polls that wait are answered at once. */
  close(): void {
    this.#isClosed = true;
    this.#stopListening?.();
    this.#appended.wake();
  }

  async #settle(): Promise<number> {
    const [row] = await this.#database.query<{ head: number }>(settle);
    return row?.head ?? 0;
  }

  #listen(): Promise<void> {
    this.#listening ??= this.#startListening().catch((error: unknown) => {
      this.#listening = undefined;
      throw error;
    });
    return this.#listening;
  }

  async #startListening(): Promise<void> {
    const [row] = await this.#database.query<{ schema: string }>(schemaName);
    this.#stopListening = this.#database.listen(`feed_${row?.schema}`, (payload) => {
      // An empty payload: the connection was away, either may have happened.
      if (payload !== 'passed') this.#appended.wake();
      if (payload !== 'appended') this.#passed.wake();
    });
  }
}

function response(rows: readonly FeedRow[], cursor: number): PullFeedResponse {
  const entries = rows.map((row) => FeedEntry.create(row));
  return PullFeedResponse.create({ entries, cursor: entries.at(-1)?.sequence ?? cursor });
}
