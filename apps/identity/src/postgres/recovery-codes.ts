import { appendAudit } from '@authority/audit';
import { type Database, type Queryable, statement } from '@authority/postgres';
import type { Asked } from '../accounts/asked.ts';
import type { KeptCodes, NewCodes, RecoveryCodes, UsedCode } from '../methods/recovery-code/recovery-codes.ts';
import { afterRightCode } from './attempts.ts';
import type { Notice } from './notices.ts';

const find = statement(
  'recovery_codes_find',
  `SELECT data ->> 'key_id' AS key_id, jsonb_array_length(data -> 'left') AS "left",
     (extract(epoch FROM created_at) * 1000)::bigint AS created
   FROM credentials WHERE sub = $1 AND kind = 'recovery_code'`,
);
const hasOther = statement('recovery_codes_other', "SELECT FROM credentials WHERE sub = $1 AND kind IN ('totp', 'passkey') LIMIT 1");
const lockPerson = statement('recovery_codes_lock', 'SELECT sub FROM identities WHERE sub = $1 FOR NO KEY UPDATE');
// data: MACs of the codes that are left, and the key that they are under. New ones end those of before.
const replace = statement(
  'recovery_codes_replace',
  `INSERT INTO credentials (sub, kind, data)
   VALUES ($1, 'recovery_code', jsonb_build_object('v', 1, 'key_id', $2::text, 'left', to_jsonb($3::text[])))
   ON CONFLICT (sub, kind) DO UPDATE SET data = EXCLUDED.data, created_at = clock_timestamp(), updated_at = clock_timestamp()`,
);
// Of two at once the second waits for the first, and then finds the code gone.
const use = statement(
  'recovery_codes_use',
  `WITH used AS (
     UPDATE credentials SET data = jsonb_set(data, '{left}', (data -> 'left') - $3::text), updated_at = clock_timestamp()
     WHERE sub = $1 AND kind = 'recovery_code' AND data ->> 'key_id' = $2 AND data -> 'left' ? $3::text
     RETURNING jsonb_array_length(data -> 'left') AS "left", (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at
   ), ${afterRightCode('recovery_code', { bucket: '$4', browser: '$5' })}
   SELECT at, "left" FROM used`,
);
const remove = statement('recovery_codes_remove', "DELETE FROM credentials WHERE sub = $1 AND kind = 'recovery_code' RETURNING sub");
const dropWithoutOther = statement(
  'recovery_codes_drop',
  `DELETE FROM credentials WHERE sub = $1 AND kind = 'recovery_code'
     AND NOT EXISTS (SELECT FROM credentials AS other WHERE other.sub = $1 AND other.kind IN ('totp', 'passkey'))`,
);

/** Recovery codes in PostgreSQL. */
export class PostgresRecoveryCodes implements RecoveryCodes {
  readonly #database: Database;
  readonly #notice: Notice;

  constructor(database: Database, notice: Notice) {
    this.#database = database;
    this.#notice = notice;
  }

  find(sub: string): Promise<KeptCodes | undefined> {
    return findRecoveryCodes(this.#database, sub);
  }

  async isBackup(sub: string): Promise<boolean> {
    return (await this.#database.query(hasOther, [sub])).length > 0;
  }

  replace(sub: string, codes: NewCodes, asked: Asked): Promise<boolean> {
    return this.#database.transaction(async (tx) => {
      await tx.query(lockPerson, [sub]);
      if ((await tx.query(hasOther, [sub])).length === 0) return false;
      await tx.query(replace, [sub, codes.key_id, codes.macs]);
      const details = { number: codes.macs.length };
      await appendAudit(tx, { action: 'identity.recovery_codes_make', actor: asked.actor, target: `identity:${sub}`, details });
      await this.#notice(tx, sub, 'recovery_codes_made', asked);
      return true;
    });
  }

  use(sub: string, code: UsedCode, asked: Asked): Promise<{ at: number; left: number } | undefined> {
    return this.#database.transaction(async (tx) => {
      const [used] = await tx.query<{ at: number; left: number }>(use, [sub, code.key_id, code.mac, code.bucket, code.browser]);
      if (!used) return undefined;
      const details = { left: used.left };
      await appendAudit(tx, { action: 'identity.recovery_code_use', actor: asked.actor, target: `identity:${sub}`, details });
      return used;
    });
  }
}

export async function findRecoveryCodes(db: Queryable, sub: string): Promise<KeptCodes | undefined> {
  const [row] = await db.query<{ key_id: string; left: number; created: number }>(find, [sub]);
  return row && { key_id: row.key_id, left: row.left, createdAt: row.created };
}

/** In the transaction of the change, with its audit row; false when there are none. */
export async function removeRecoveryCodes(tx: Queryable, sub: string, actor: string): Promise<boolean> {
  if ((await tx.query(remove, [sub])).length === 0) return false;
  await appendAudit(tx, { action: 'identity.recovery_codes_remove', actor, target: `identity:${sub}` });
  return true;
}

/** Recovery codes are a backup of something: with the last other factor they go too. In the transaction that took it away. */
export async function dropBackupOfNothing(tx: Queryable, sub: string): Promise<void> {
  await tx.query(dropWithoutOther, [sub]);
}
