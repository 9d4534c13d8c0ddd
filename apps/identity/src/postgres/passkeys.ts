import { randomBytes } from 'node:crypto';
import { appendAudit } from '@authority/audit';
import { type Database, type Queryable, statement } from '@authority/postgres';
import type { Asked } from '../accounts/asked.ts';
import {
  type Added,
  type Assertion,
  type FoundPasskey,
  mostPasskeys,
  type NamedPasskey,
  type Passkey,
  type Passkeys,
  type Removed,
  type Use,
} from '../methods/passkey/passkeys.ts';
import type { Notice } from './notices.ts';
import { dropBackupOfNothing } from './recovery-codes.ts';

const find = statement(
  'passkey_find',
  `SELECT sub, user_handle, public_key, counter, backup_eligible, transports
   FROM passkeys JOIN passkey_users USING (sub) WHERE credential_id = $1`,
);
// WebAuthn §6.1.1: the counter goes up with each use, or the authenticator has none and it is always 0.
const use = statement(
  'passkey_use',
  `UPDATE passkeys SET counter = $2, user_verified = user_verified OR $3, backed_up = $4, last_used_at = clock_timestamp()
   FROM identities
   WHERE credential_id = $1 AND identities.sub = passkeys.sub AND (counter < $2 OR (counter = 0 AND $2 = 0))
   RETURNING disabled, security, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at`,
);
const counterOf = statement('passkey_counter', 'SELECT sub, counter FROM passkeys WHERE credential_id = $1');
const list = statement(
  'passkey_list',
  `SELECT credential_id, name, aaguid, transports, backup_eligible, backed_up,
     (extract(epoch FROM created_at) * 1000)::bigint AS created, (extract(epoch FROM last_used_at) * 1000)::bigint AS used
   FROM passkeys WHERE sub = $1 ORDER BY created_at, credential_id`,
);
const findUser = statement('passkey_user', 'SELECT user_handle FROM passkey_users WHERE sub = $1');
// The update that changes nothing answers the row that is there already.
const makeUser = statement(
  'passkey_user_make',
  `INSERT INTO passkey_users (sub, user_handle) SELECT sub, $2 FROM identities WHERE sub = $1
   ON CONFLICT (sub) DO UPDATE SET sub = EXCLUDED.sub RETURNING user_handle`,
);
// Changes of one person's passkeys wait for each other, so that counting them means something.
const lockUser = statement('passkey_user_lock', 'SELECT sub FROM passkey_users WHERE sub = $1 FOR UPDATE');
const count = statement('passkey_count', 'SELECT count(*) AS number FROM passkeys WHERE sub = $1');
const insert = statement(
  'passkey_insert',
  `INSERT INTO passkeys (credential_id, sub, public_key, counter, transports, aaguid, backup_eligible, backed_up, user_verified, name)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING sub`,
);
const mark = statement(
  'passkey_mark',
  `INSERT INTO credentials (sub, kind, data) VALUES ($1, 'passkey', '{"v":1}') ON CONFLICT DO NOTHING`,
);
const unmark = statement(
  'passkey_unmark',
  `DELETE FROM credentials WHERE sub = $1 AND kind = 'passkey' AND NOT EXISTS (SELECT FROM passkeys WHERE passkeys.sub = $1)`,
);
const rename = statement('passkey_rename', 'UPDATE passkeys SET name = $3 WHERE credential_id = $2 AND sub = $1 RETURNING sub');
const remove = statement('passkey_remove', 'DELETE FROM passkeys WHERE credential_id = $2 AND sub = $1 RETURNING name');
/** The lock on the person: whoever takes away another way in at the same time has to wait too. */
const lockIdentity = statement('passkey_identity_lock', 'SELECT sub FROM identities WHERE sub = $1 FOR UPDATE');
const otherWays = statement('passkey_other_ways', "SELECT FROM credentials WHERE sub = $1 AND kind IN ('password', 'upstream') LIMIT 1");

interface UserRow {
  user_handle: Buffer;
}

interface FoundRow {
  sub: string;
  user_handle: Buffer;
  public_key: Buffer;
  counter: number;
  backup_eligible: boolean;
  transports: string[];
}

interface ListRow {
  credential_id: Buffer;
  name: string;
  aaguid: string;
  transports: string[];
  backup_eligible: boolean;
  backed_up: boolean;
  created: number;
  used: number | null;
}

/** Passkeys in PostgreSQL. */
export class PostgresPasskeys implements Passkeys {
  readonly #database: Database;
  readonly #notice: Notice;

  constructor(database: Database, notice: Notice) {
    this.#database = database;
    this.#notice = notice;
  }

  async find(id: string): Promise<FoundPasskey | undefined> {
    const [row] = await this.#database.query<FoundRow>(find, [bytes(id)]);
    return row && fromFoundRow(row);
  }

  async use(id: string, { counter, userVerified, backedUp }: Assertion): Promise<Use> {
    const values = [bytes(id), counter, userVerified, backedUp];
    const [row] = await this.#database.query<{ disabled: boolean; security: number; at: number }>(use, values);
    if (row) return { kind: 'used', ...row };
    return this.#database.transaction(async (tx) => {
      const [kept] = await tx.query<{ sub: string; counter: number }>(counterOf, [bytes(id)]);
      if (!kept) return { kind: 'gone' };
      const details = { passkey: id, from: kept.counter, to: counter };
      await appendAudit(tx, { action: 'passkey.counter_regressed', actor: `user:${kept.sub}`, target: `identity:${kept.sub}`, details });
      return { kind: 'counter_regressed' };
    });
  }

  list(sub: string): Promise<Passkey[]> {
    return listPasskeys(this.#database, sub);
  }

  async userHandle(sub: string): Promise<string> {
    const [known] = await this.#database.query<UserRow>(findUser, [sub]);
    const [row] = known ? [known] : await this.#database.query<UserRow>(makeUser, [sub, randomBytes(32)]);
    if (!row) throw new Error('a person who is gone asks for passkeys');
    return row.user_handle.toString('base64url');
  }

  add(sub: string, passkey: NamedPasskey, asked: Asked): Promise<Added> {
    return this.#database.transaction(async (tx) => {
      const added = await insertPasskey(tx, sub, passkey, asked.actor);
      if (added === 'added') await this.#notice(tx, sub, 'passkey_added', asked);
      return added;
    });
  }

  rename(sub: string, id: string, name: string, { actor }: Asked): Promise<boolean> {
    return this.#database.transaction(async (tx) => {
      const renamed = await tx.query(rename, [sub, bytes(id), name]);
      if (renamed.length === 0) return false;
      await appendAudit(tx, { action: 'passkey.rename', actor, target: `identity:${sub}`, details: { passkey: id, name } });
      return true;
    });
  }

  remove(sub: string, id: string, asked: Asked): Promise<Removed> {
    return this.#database.transaction(async (tx) => {
      const removed = await removePasskey(tx, { sub, id, actor: asked.actor, evenLast: false });
      if (removed === 'removed') await this.#notice(tx, sub, 'passkey_removed', asked);
      return removed;
    });
  }
}

/** The passkey that somebody registers with. */
export async function insertFirstPasskey(
  tx: Queryable,
  sub: string,
  { passkey, userHandle }: { readonly passkey: NamedPasskey; readonly userHandle: string },
): Promise<void> {
  await tx.query(makeUser, [sub, bytes(userHandle)]);
  const added = await insertPasskey(tx, sub, passkey, `user:${sub}`);
  // Looked for before; two at once with one random id are a fault.
  if (added !== 'added') throw new Error(`the first passkey was not added: ${added}`);
}

/** Oldest first. */
export async function listPasskeys(db: Queryable, sub: string): Promise<Passkey[]> {
  return (await db.query<ListRow>(list, [sub])).map(fromListRow);
}

/** Adds a passkey to a person who has a user handle, with its audit row. */
export async function insertPasskey(tx: Queryable, sub: string, passkey: NamedPasskey, actor: string): Promise<Added> {
  if ((await tx.query(lockUser, [sub])).length === 0) return 'gone';
  const [counted] = await tx.query<{ number: number }>(count, [sub]);
  if ((counted?.number ?? 0) >= mostPasskeys) return 'too_many';
  const { id, publicKey, counter, transports, aaguid, backupEligible, backedUp, userVerified, name } = passkey;
  const values = [bytes(id), sub, Buffer.from(publicKey), counter, transports, aaguid, backupEligible, backedUp, userVerified, name];
  if ((await tx.query(insert, values)).length === 0) return 'exists';
  await tx.query(mark, [sub]);
  await appendAudit(tx, { action: 'passkey.add', actor, target: `identity:${sub}`, details: { passkey: id, name, aaguid } });
  return 'added';
}

interface Removal {
  readonly sub: string;
  readonly id: string;
  readonly actor: string;
  /** Also when nothing is left to sign in with. */
  readonly evenLast: boolean;
}

/** Removes a passkey, with its audit row. */
export async function removePasskey(tx: Queryable, { sub, id, actor, evenLast }: Removal): Promise<Removed> {
  await tx.query(lockIdentity, [sub]);
  await tx.query(lockUser, [sub]);
  const kept = await tx.query<ListRow>(list, [sub]);
  if (!kept.some((row) => row.credential_id.equals(bytes(id)))) return 'gone';
  if (!evenLast && kept.length === 1 && (await tx.query(otherWays, [sub])).length === 0) return 'last_way_in';
  const [removed] = await tx.query<{ name: string }>(remove, [sub, bytes(id)]);
  await tx.query(unmark, [sub]);
  await dropBackupOfNothing(tx, sub);
  await appendAudit(tx, { action: 'passkey.remove', actor, target: `identity:${sub}`, details: { passkey: id, name: removed?.name } });
  return 'removed';
}

const bytes = (id: string): Buffer => Buffer.from(id, 'base64url');

const fromFoundRow = (row: FoundRow): FoundPasskey => ({
  sub: row.sub,
  userHandle: row.user_handle.toString('base64url'),
  publicKey: row.public_key,
  counter: row.counter,
  backupEligible: row.backup_eligible,
  transports: row.transports,
});

const fromListRow = (row: ListRow): Passkey => ({
  id: row.credential_id.toString('base64url'),
  name: row.name,
  aaguid: row.aaguid,
  transports: row.transports,
  backupEligible: row.backup_eligible,
  backedUp: row.backed_up,
  createdAt: row.created,
  lastUsedAt: row.used ?? undefined,
});
