import { type Database, type Queryable, statement } from '@authority/postgres';
import { log } from '@authority/telemetry';
import { isPair, type KeyUse, makeKey, makeKeyId, openPair } from '../keys/key-material.ts';
import type { KeyRing, RingKey } from '../keys/key-ring.ts';
import type { KeyWrapping } from '@authority/sealing';
import { ChangedRows } from './changed-rows.ts';
import type { Polled } from './replica-poll.ts';

export interface KeyRow {
  key_id: string;
  use: KeyUse;
  alg: string;
  public_jwk: Record<string, unknown> | null;
  wrapped: Buffer;
  created_at: Date;
  activate_at: Date;
  deleted_at: Date | null;
}

const changed = statement(
  'keys_changed',
  `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, keys.*
   FROM (SELECT 1) AS one LEFT JOIN keys ON keys.xid >= $1::xid8`,
);
const insert = statement(
  'keys_insert',
  `INSERT INTO keys (key_id, use, alg, public_jwk, wrapped, activate_at)
   VALUES ($1, $2, $3, $4::jsonb, $5, clock_timestamp() + make_interval(secs => $6)) RETURNING *`,
);
const remove = statement(
  'keys_remove',
  // The row stays as a mark, without its secret: what is retired cannot come back from a later dump.
  `UPDATE keys SET deleted_at = clock_timestamp(), wrapped = '', xid = pg_current_xact_id()
   WHERE key_id = $1 AND deleted_at IS NULL`,
);
const all = statement('keys_all', 'SELECT * FROM keys WHERE deleted_at IS NULL ORDER BY activate_at');
const rewrap = statement('keys_rewrap', 'UPDATE keys SET wrapped = $2, xid = pg_current_xact_id() WHERE key_id = $1');
const lock = statement('keys_lock', 'LOCK TABLE keys IN SHARE ROW EXCLUSIVE MODE');

/** The rows of the key table. */
export const keyRows = {
  all: (db: Queryable): Promise<KeyRow[]> => db.query<KeyRow>(all),

  lock: (tx: Queryable): Promise<unknown> => tx.query(lock),

  /** Makes a key that becomes current after so many seconds. */
  async make(tx: Queryable, wrapping: KeyWrapping, use: KeyUse, alg: string, delaySeconds: number): Promise<KeyRow> {
    const key_id = makeKeyId();
    const { secret, public_jwk } = makeKey(use, alg);
    const wrapped = wrapping.wrap(secret, { key_id, use, alg });
    const jwk = public_jwk === undefined ? null : JSON.stringify(public_jwk);
    const [row] = await tx.query<KeyRow>(insert, [key_id, use, alg, jwk, wrapped, delaySeconds]);
    if (row === undefined) throw new Error('an insert answered no row');
    return row;
  },

  remove: (tx: Queryable, key_id: string): Promise<unknown> => tx.query(remove, [key_id]),

  async rewrap(tx: Queryable, wrapping: KeyWrapping, row: KeyRow): Promise<void> {
    const secret = wrapping.unwrap(row.wrapped, row);
    if (secret === undefined) throw new Error(`no system secret opens key ${row.key_id}`);
    await tx.query(rewrap, [row.key_id, wrapping.wrap(secret, row)]);
  },
};

/** Keeps the ring of this replica like the key table. */
export class PostgresKeys implements Polled {
  private readonly changes = new ChangedRows<KeyRow>(changed, (row) => row.key_id !== null);

  constructor(
    private readonly database: Database,
    private readonly ring: KeyRing,
    private readonly wrapping: KeyWrapping,
  ) {}

  async refresh(): Promise<void> {
    const { rows } = await this.changes.read(this.database);
    if (rows.length === 0) return;
    const [gone, live] = [rows.filter((row) => row.deleted_at !== null), rows.filter((row) => row.deleted_at === null)];
    const opened = live.map((row) => this.open(row)).filter((key) => key !== undefined);
    this.ring.replace(
      opened,
      gone.map((row) => row.key_id),
    );
  }

  forget(): void {
    this.changes.forget();
  }

  /** A key that no secret opens is left out, loudly: the others go on. */
  private open(row: KeyRow): RingKey | undefined {
    const known = this.ring.find(row.key_id);
    if (known !== undefined) return known; // rows only change in how they are wrapped
    const secret = this.wrapping.unwrap(row.wrapped, row);
    if (secret === undefined) {
      log.error('token.key_not_opened', { key_id: row.key_id, hint: 'AUTHORITY_SECRETS lacks the secret that wrapped it' });
      return undefined;
    }
    const { key_id, use, alg } = row;
    const common = { key_id, use, alg, activateAt: row.activate_at.getTime() };
    if (!isPair(use)) return { ...common, secret };
    return { ...common, pair: openPair(secret), ...(row.public_jwk && { public_jwk: row.public_jwk }) };
  }
}
