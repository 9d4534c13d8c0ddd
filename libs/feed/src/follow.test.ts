import { FeedEntry, type PullFeedRequest, PullFeedResponse } from '@authority/contracts/rpc';
import type { Database, Queryable, Statement } from '@authority/postgres';
import { describe, expect, test, vi } from 'vitest';
import { followFeed } from './follow.ts';

const entry = (sequence: number) => FeedEntry.create({ sequence, event: 'session_ended', sid: `s${sequence}` });

/** A feed that lies in memory, and remembers what was asked of it. */
class FakeFeed {
  readonly entries: FeedEntry[] = [];
  readonly pulls: PullFeedRequest[] = [];
  failures = 0;

  pull = async (request: PullFeedRequest): Promise<PullFeedResponse> => {
    this.pulls.push(request);
    if (this.failures-- > 0) throw new Error('away');
    const entries = this.entries.filter(({ sequence }) => sequence > request.cursor);
    if (entries.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    return PullFeedResponse.create({ entries, cursor: entries.at(-1)?.sequence ?? request.cursor });
  };
}

/** The one cursor of a dependent's replicas; transactions are undone when they throw. */
class FakeCursors {
  cursor = 0;

  readonly queryable: Queryable = {
    query: async <R>({ name }: Statement, values: readonly unknown[] = []): Promise<R[]> => {
      if (name === 'feed_cursor_move') this.cursor = Number(values[1]);
      return [{ cursor: this.cursor, schema: 'token' }] as R[];
    },
  };

  get database(): Database {
    const transaction = async <T>(work: (tx: Queryable) => Promise<T>): Promise<T> => {
      const before = this.cursor;
      return work(this.queryable).catch((error: unknown) => {
        this.cursor = before;
        throw error;
      });
    };
    return { ...this.queryable, transaction } as unknown as Database; // what followFeed uses of it
  }
}

const until = (assertion: () => void) => vi.waitFor(assertion, { timeout: 2000, interval: 1 });

describe('followFeed', () => {
  test('applies entries in order, moves the cursor, and reports it with the next pull', async () => {
    const [feed, cursors, applied] = [new FakeFeed(), new FakeCursors(), [] as number[]];
    feed.entries.push(entry(1), entry(2));
    const apply = async (_: Queryable, entries: readonly FeedEntry[]) => void applied.push(...entries.map((one) => one.sequence));
    const following = followFeed({ name: 'session', pull: feed.pull, apply, database: cursors.database });
    await until(() => expect(feed.pulls.at(-1)?.cursor).toBe(2));
    expect(applied).toEqual([1, 2]);
    expect(feed.pulls[0]?.dependent).toMatch(/^token\//);
    expect(following.lastGoodAt()).toBeGreaterThan(0);
    await following.stop();
  });

  test('what goes wrong while applying is tried again with the same entries', async () => {
    const [feed, cursors] = [new FakeFeed(), new FakeCursors()];
    feed.entries.push(entry(1));
    feed.failures = 1;
    const apply = vi.fn().mockRejectedValueOnce(new Error('deadlock')).mockResolvedValue(undefined);
    const following = followFeed({ name: 'session', pull: feed.pull, apply, database: cursors.database, retryMs: 1 });
    await until(() => expect(cursors.cursor).toBe(1));
    expect(apply).toHaveBeenCalledTimes(2);
    await following.stop();
  });

  test('replicas share a cursor: who finds it moved applies nothing, and still tells its memory', async () => {
    const [feed, cursors, apply, applied] = [new FakeFeed(), new FakeCursors(), vi.fn(), vi.fn()];
    const following = followFeed({ name: 'session', pull: feed.pull, apply, applied, database: cursors.database });
    await until(() => expect(feed.pulls.length).toBeGreaterThan(0));
    cursors.cursor = 1;
    feed.entries.push(entry(1));
    await until(() => expect(feed.pulls.at(-1)?.cursor).toBe(1));
    expect(apply).not.toHaveBeenCalled();
    expect(applied).toHaveBeenCalled();
    await following.stop();
  });

  test('a log that was restored from an older state moves the cursor back', async () => {
    const [feed, cursors] = [new FakeFeed(), new FakeCursors()];
    cursors.cursor = 100;
    const pull = async (request: PullFeedRequest) =>
      request.cursor > 7 ? PullFeedResponse.create({ cursor: 7, entries: [entry(7)] }) : feed.pull(request);
    const following = followFeed({ name: 'session', pull, apply: async () => undefined, database: cursors.database });
    await until(() => expect(cursors.cursor).toBe(7));
    await following.stop();
  });

  test('stopping does not wait for a long poll', async () => {
    const pull = () => new Promise<PullFeedResponse>(() => undefined);
    const following = followFeed({ name: 'session', pull, apply: async () => undefined, database: new FakeCursors().database });
    await new Promise((resolve) => setTimeout(resolve, 1));
    await following.stop();
  });
});
