import { migrate, type Queryable } from '@authority/postgres';
import { keyKinds } from './keys/key-material.ts';
import { KeyWrapping } from '@authority/sealing';
import { keyRows } from './postgres/keys.ts';
import { tokenMigrations } from './postgres/migrations/index.ts';

export interface MigrateTokenOptions {
  /** The owner of the schema. */
  readonly ownerUrl: string;
  /** The service's own URL; its role is made by it. Unset: the service connects as the owner. */
  readonly serviceUrl?: string;
  /** System secrets, newest first. */
  readonly secrets: readonly Uint8Array[];
}

/**
 * Brings the schema up to date and makes the keys that are missing, all under the migration's lock: two first replicas do
 * not make two sets.
 */
export function migrateToken({ ownerUrl, serviceUrl, secrets }: MigrateTokenOptions): Promise<{ applied: string[] }> {
  const wrapping = new KeyWrapping('token', secrets);
  return migrate({
    ownerUrl,
    ...(serviceUrl !== undefined && { serviceUrl }),
    service: 'token',
    migrations: tokenMigrations,
    afterwards: (tx) => ensureKeys(tx, wrapping),
  });
}

/** One key of each kind; and every key under the newest system secret, so that an old one can be taken away. */
async function ensureKeys(tx: Queryable, wrapping: KeyWrapping): Promise<void> {
  await keyRows.lock(tx);
  const rows = await keyRows.all(tx);
  for (const { use, alg } of keyKinds) {
    if (!rows.some((row) => row.use === use && row.alg === alg)) await keyRows.make(tx, wrapping, use, alg, 0);
  }
  for (const row of rows) {
    if (!wrapping.isUnderNewest(row.wrapped)) await keyRows.rewrap(tx, wrapping, row);
  }
}
