import { randomBytes } from 'node:crypto';
import { StatusError } from '@authority/errors';
import { type Database, type Queryable, statement } from '@authority/postgres';
import { type Driver, stale } from './driver.ts';

interface EpochRow {
  epoch: string;
  started_at: number;
  beat: number;
  store: string | null;
}

export type EpochCause = 'first' | 'empty' | 'behind' | 'other_store';

const lockRow = statement('ephemeral.epoch.lock', 'SELECT epoch, started_at, beat, store FROM ephemeral_epoch FOR UPDATE');
const writeRow = statement(
  'ephemeral.epoch.begin',
  `INSERT INTO ephemeral_epoch (one, epoch, started_at, beat, store)
   VALUES (true, $1, CASE WHEN $2 THEN 0 ELSE (extract(epoch FROM clock_timestamp()) * 1000)::bigint END, $3, $4)
   ON CONFLICT (one) DO UPDATE
     SET epoch = excluded.epoch, started_at = excluded.started_at, beat = excluded.beat, store = excluded.store
   RETURNING started_at`,
);
// Without waiting for the disk: what it stands for is written twice a second at most, and says only "not before this".
const writeBeat = statement(
  'ephemeral.epoch.beat',
  `WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
   UPDATE ephemeral_epoch SET beat = $2 FROM quick WHERE epoch = $1 AND beat < $2 - 900`,
);

/**
 * The epoch of a store (house.md, "What survives what"). The row in PostgreSQL decides, and its lock lets one replica at
 * a time judge the store: one that is empty, behind its heartbeat or another than before gets a new epoch.
 */
export class Epoch {
  private current: { id: string; startedAt: number } | undefined;
  private suspended = true;
  private lastBeat = 0;
  private checking: Promise<void> | undefined;
  /** Steps with every suspension: a check that began before one proves nothing after it. */
  private connection = 0;

  private readonly database: Database;
  private readonly driver: Driver;
  private readonly onBegin: (cause: EpochCause) => void;

  constructor(database: Database, driver: Driver, onBegin: (cause: EpochCause) => void) {
    this.database = database;
    this.driver = driver;
    this.onBegin = onBegin;
  }

  startedAt(): number {
    if (!this.current) throw unavailable('The epoch of the store is not known yet.');
    return this.current.startedAt;
  }

  isUsable(): boolean {
    return !this.suspended && this.current !== undefined;
  }

  /** The id of the epoch, once the store has been checked. */
  async usable(): Promise<string> {
    if (!this.isUsable() && this.checking) await withinPatience(this.checking);
    if (this.suspended || !this.current) throw unavailable('The store of short-lived state is away.');
    return this.current.id;
  }

  /** The connection broke: nothing is used before the next check. */
  suspend(): void {
    this.suspended = true;
    this.connection++;
  }

  /** Asks whether the store still has what it was given. Calls at the same time are one. */
  check(): Promise<void> {
    const { connection } = this;
    this.checking ??= this.database
      .transaction((tx) => this.judge(tx))
      .then(({ id, startedAt, beat, cause }) => {
        this.current = { id, startedAt };
        this.lastBeat = beat;
        if (connection === this.connection) this.suspended = false;
        if (cause) this.onBegin(cause);
      })
      .finally(() => {
        this.checking = undefined;
      });
    return this.checking;
  }

  private async judge(tx: Queryable): Promise<{ id: string; startedAt: number; beat: number; cause?: EpochCause }> {
    const [row] = await tx.query<EpochRow>(lockRow);
    const stored = await this.driver.readEpoch(tx);
    const cause = this.whyLost(row, stored);
    if (row && stored && !cause) return { id: row.epoch, startedAt: row.started_at, beat: stored.beat };
    // The row is locked until the store has the new epoch too. A commit that fails after that leaves the two apart,
    // and the next check begins another epoch.
    const begun = { epoch: randomBytes(9).toString('base64url'), beat: Date.now() };
    const isFirst = cause === 'first';
    const [written] = await tx.query<{ started_at: number }>(writeRow, [begun.epoch, isFirst, begun.beat, this.driver.store]);
    await this.driver.beginEpoch(tx, begun);
    return { id: begun.epoch, startedAt: written?.started_at ?? Date.now(), beat: begun.beat, cause: cause ?? 'empty' };
  }

  private whyLost(row: EpochRow | undefined, stored: { epoch: string; beat: number } | undefined): EpochCause | undefined {
    if (!row) return 'empty';
    if (row.store === null) return 'first';
    if (row.store !== this.driver.store) return 'other_store';
    if (!stored) return 'empty';
    const seen = this.current?.id === row.epoch ? Math.max(row.beat, this.lastBeat) : row.beat;
    return stored.epoch !== row.epoch || stored.beat < seen ? 'behind' : undefined;
  }

  /** Once a second. Into the store first, then into PostgreSQL, so that the store is never behind by mere chance. */
  async beat(): Promise<void> {
    if (!this.current || this.suspended) return this.check();
    const { id } = this.current;
    const beat = await this.driver.beat(id, this.lastBeat);
    if (beat === stale) return this.check();
    if (this.current.id !== id) return;
    this.lastBeat = Math.max(this.lastBeat, beat);
    if (this.driver.keepsBeatElsewhere) await this.database.query(writeBeat, [id, beat]).catch(() => {}); // the next one counts
  }
}

export function unavailable(message: string, cause?: unknown): StatusError {
  return new StatusError('UNAVAILABLE', 'store_unavailable', { message, retryAfterMs: 1000, cause });
}

async function withinPatience(checking: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 700);
  });
  await Promise.race([checking.catch(() => {}), patience]);
  clearTimeout(timer);
}
