import { randomBytes } from 'node:crypto';
import { type Queryable, statement } from '@authority/postgres';
import { log } from '@authority/telemetry';
import type { KeyWrapping } from './key-wrapping.ts';

/** What the keys of such a table are for: `sealing` (AES-256-GCM) and `mac` (HMAC with SHA-256). */
export type KeyUse = 'sealing' | 'mac';

/** A key in this replica's memory. */
export interface OwnKey {
  readonly key_id: string;
  readonly use: KeyUse;
  readonly secret: Buffer;
}

const algorithms: Readonly<Record<KeyUse, string>> = { sealing: 'A256GCM', mac: 'HS256' };
const keyUses = ['sealing', 'mac'] as const;

/** Keys of an owner, for its migration: random, wrapped under the system secret, useless without it. */
export function keyTables(): string[] {
  return [
    `CREATE TABLE keys (
       key_id text PRIMARY KEY,
       version smallint NOT NULL DEFAULT 1,
       use text NOT NULL,
       alg text NOT NULL,
       wrapped bytea NOT NULL,
       created_at timestamptz NOT NULL DEFAULT clock_timestamp()
     )`,
  ];
}

interface KeyRow {
  key_id: string;
  use: KeyUse;
  alg: string;
  wrapped: Buffer;
}

// Newest first: the first of a use makes, all open.
const all = statement('sealing_keys_all', 'SELECT key_id, use, alg, wrapped FROM keys ORDER BY created_at DESC, key_id');
const insert = statement('sealing_keys_insert', 'INSERT INTO keys (key_id, use, alg, wrapped) VALUES ($1, $2, $3, $4)');
const rewrap = statement('sealing_keys_rewrap', 'UPDATE keys SET wrapped = $2 WHERE key_id = $1');
const lock = statement('sealing_keys_lock', 'LOCK TABLE keys IN SHARE ROW EXCLUSIVE MODE');

/**
 * One key of each use; and every key under the newest system secret, so that an old one can be taken away. For the migration
 * step (`afterwards`), under its lock: two first replicas do not make two sets.
 */
export async function ensureKeys(tx: Queryable, wrapping: KeyWrapping): Promise<void> {
  await tx.query(lock);
  const rows = await tx.query<KeyRow>(all);
  for (const use of keyUses) {
    if (rows.some((row) => row.use === use)) continue;
    const identity = { key_id: `k_${randomBytes(9).toString('base64url')}`, use, alg: algorithms[use] };
    const wrapped = wrapping.wrap(randomBytes(32), identity);
    await tx.query(insert, [identity.key_id, use, identity.alg, wrapped]);
  }
  for (const row of rows) {
    if (wrapping.isUnderNewest(row.wrapped)) continue;
    const secret = wrapping.unwrap(row.wrapped, row);
    if (secret === undefined) throw new Error(`no system secret opens key ${row.key_id}`);
    await tx.query(rewrap, [row.key_id, wrapping.wrap(secret, row)]);
  }
}

const mostOftenMs = 1000;

/** The keys of an owner as this replica knows them: read at the first need, and again when one is named that is not here. */
export class KeyTable {
  readonly #database: Queryable;
  readonly #wrapping: KeyWrapping;
  #keys: readonly OwnKey[] = [];
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(database: Queryable, wrapping: KeyWrapping) {
    this.#database = database;
    this.#wrapping = wrapping;
  }

  /** The key that makes new things. A fault when there is none that opens. */
  async current(use: KeyUse): Promise<OwnKey> {
    const found = await this.#look((key) => key.use === use);
    if (found === undefined) throw new Error(`there is no ${use} key that AUTHORITY_SECRETS opens; the migration makes one`);
    return found;
  }

  find(key_id: string, use: KeyUse): Promise<OwnKey | undefined> {
    return this.#look((key) => key.key_id === key_id && key.use === use);
  }

  async #look(is: (key: OwnKey) => boolean): Promise<OwnKey | undefined> {
    const known = this.#keys.find(is);
    if (known !== undefined || performance.now() - this.#readAt < mostOftenMs) return known;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
    return this.#keys.find(is);
  }

  async #read(): Promise<void> {
    const rows = await this.#database.query<KeyRow>(all);
    this.#keys = rows.map((row) => this.#open(row)).filter((key) => key !== undefined);
    this.#readAt = performance.now();
  }

  /** A key that no secret opens is left out, loudly: the others go on. */
  #open(row: KeyRow): OwnKey | undefined {
    const secret = this.#wrapping.unwrap(row.wrapped, row);
    if (secret !== undefined) return { key_id: row.key_id, use: row.use, secret };
    log.error('key_not_opened', { key_id: row.key_id, hint: 'AUTHORITY_SECRETS lacks the secret that wrapped it' });
    return undefined;
  }
}
