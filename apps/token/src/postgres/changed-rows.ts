import type { Queryable, Statement } from '@authority/postgres';

interface Horizon {
  horizon: string;
}

/**
 * Reads the rows of a table that changed since the last read. A row says in `xid` which transaction wrote it; a read asks
 * for every visible row from the horizon of the read before on (the oldest transaction that was then still running), so
 * one that commits late is seen late, but seen. Never `max(id)` (house.md, "One revocation set").
 *
 * The statement has the horizon as its first parameter, joins its rows to one that is always there, and answers
 * `pg_snapshot_xmin(pg_current_snapshot())::text AS horizon` with each.
 */
export class ChangedRows<R> {
  private horizon = '0';

  constructor(
    private readonly statement: Statement,
    /** Tells a row from the empty one that only carries the horizon. */
    private readonly isRow: (row: R) => boolean,
  ) {}

  /** `all`: these are all rows, not only those that changed. */
  async read(database: Queryable): Promise<{ rows: R[]; all: boolean }> {
    const from = this.horizon;
    const rows = await database.query<R & Horizon>(this.statement, [from]);
    const reached = rows[0]?.horizon ?? '0';
    // Transaction numbers went back: another server, or an older state of it. What was read from it says nothing.
    if (BigInt(reached) < BigInt(from)) {
      this.forget();
      return await this.read(database);
    }
    this.horizon = reached;
    return { rows: rows.filter(this.isRow), all: from === '0' };
  }

  /** The next read is of all rows: after a poll that failed, since the server may have lost its last transactions. */
  forget(): void {
    this.horizon = '0';
  }
}
