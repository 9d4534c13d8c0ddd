import { appendAudit } from '@authority/audit';
import { type Database, type Queryable, statement } from '@authority/postgres';
import type { Asked } from '../accounts/asked.ts';
import type { KeptTotp, NewTotp, StoredTotp, Totps, UsedTotp } from '../methods/totp/totps.ts';
import { afterRightCode, dropAttempts, markBrowser } from './attempts.ts';
import type { Notice } from './notices.ts';
import { dropBackupOfNothing } from './recovery-codes.ts';

const find = statement(
  'totp_find',
  `SELECT data, (extract(epoch FROM created_at) * 1000)::bigint AS created,
     CASE WHEN updated_at > created_at THEN (extract(epoch FROM updated_at) * 1000)::bigint END AS used
   FROM credentials WHERE sub = $1 AND kind = 'totp'`,
);
// data: the sealed seed, its parameters, and the last time step that was used.
const insert = statement(
  'totp_insert',
  `INSERT INTO credentials (sub, kind, data) SELECT sub, 'totp', $2::jsonb FROM identities WHERE sub = $1
   ON CONFLICT (sub, kind) DO NOTHING RETURNING (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at`,
);
// Of two at once the second waits for the first, and then finds its step used.
const use = statement(
  'totp_use',
  `WITH used AS (
     UPDATE credentials SET data = jsonb_set(data, '{step}', to_jsonb($3::bigint)), updated_at = clock_timestamp()
     WHERE sub = $1 AND kind = 'totp' AND data ->> 'sealed' = $2 AND (data ->> 'step')::bigint < $3::bigint
     RETURNING (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at
   ), ${afterRightCode('totp', { bucket: '$4', browser: '$5' })}
   SELECT at FROM used`,
);
const remove = statement('totp_remove', "DELETE FROM credentials WHERE sub = $1 AND kind = 'totp' RETURNING sub");
/** Changes of one person's factors wait for each other: whether a backup has something left to be a backup of is then true. */
const lockPerson = statement('totp_lock_person', 'SELECT sub FROM identities WHERE sub = $1 FOR NO KEY UPDATE');

interface TotpData {
  sealed: string;
  algorithm: StoredTotp['algorithm'];
  digits: number;
  period: number;
  step: number;
}

/** Authenticator apps in PostgreSQL. */
export class PostgresTotps implements Totps {
  readonly #database: Database;
  readonly #notice: Notice;

  constructor(database: Database, notice: Notice) {
    this.#database = database;
    this.#notice = notice;
  }

  find(sub: string): Promise<KeptTotp | undefined> {
    return findTotp(this.#database, sub);
  }

  add(sub: string, totp: NewTotp, asked: Asked): Promise<{ at: number } | undefined> {
    return this.#database.transaction(async (tx) => {
      const added = await insertTotp(tx, sub, totp);
      if (!added) return undefined;
      await markBrowser(tx, sub, totp.browser);
      await appendAudit(tx, { action: 'identity.totp_add', actor: asked.actor, target: `identity:${sub}` });
      await this.#notice(tx, sub, 'totp_on', asked);
      return added;
    });
  }

  async use(sub: string, totp: UsedTotp): Promise<{ at: number } | undefined> {
    const [used] = await this.#database.query<{ at: number }>(use, [sub, totp.sealed, totp.step, totp.bucket, totp.browser]);
    return used;
  }

  remove(sub: string, asked: Asked): Promise<boolean> {
    return this.#database.transaction(async (tx) => {
      if (!(await removeTotp(tx, sub, asked.actor))) return false;
      await this.#notice(tx, sub, 'totp_off', asked);
      return true;
    });
  }
}

export async function findTotp(db: Queryable, sub: string): Promise<KeptTotp | undefined> {
  const [row] = await db.query<{ data: TotpData; created: number; used: number | null }>(find, [sub]);
  if (!row) return undefined;
  const { sealed, algorithm, digits, period } = row.data;
  return { sealed, algorithm, digits, period, createdAt: row.created, lastUsedAt: row.used ?? undefined };
}

/** In the transaction of the change, with its audit row; false when there is none. */
export async function removeTotp(tx: Queryable, sub: string, actor: string): Promise<boolean> {
  await tx.query(lockPerson, [sub]);
  if ((await tx.query(remove, [sub])).length === 0) return false;
  await dropBackupOfNothing(tx, sub);
  await dropAttempts(tx, sub);
  await appendAudit(tx, { action: 'identity.totp_remove', actor, target: `identity:${sub}` });
  return true;
}

/** An authenticator app of a person who has none, without its audit row: for an import too. */
export async function insertTotp(
  tx: Queryable,
  sub: string,
  { sealed, algorithm, digits, period, step }: StoredTotp & { readonly step: number },
): Promise<{ at: number } | undefined> {
  const data: TotpData & { v: 1 } = { v: 1, sealed, algorithm, digits, period, step };
  const [row] = await tx.query<{ at: number }>(insert, [sub, JSON.stringify(data)]);
  return row;
}
