import { createHash } from 'node:crypto';
import { type Database, type Queryable, statement } from '@authority/postgres';
import type { RegistrationPolicy, RegistrationToken, RegistrationTokens } from '@authority/protocol';

export interface RegistrationTokenRow {
  registration_token_id: string;
  description: string;
  policy: RegistrationPolicy;
  uses_limit: number;
  uses: number;
  expires_at: Date | null;
  created_at: Date;
}

const columns = 'registration_token_id, description, policy, uses_limit, uses, expires_at, created_at';
const live = '(expires_at IS NULL OR expires_at > clock_timestamp())';

const findByValue = statement(
  'registration_tokens_by_value',
  `SELECT ${columns} FROM registration_tokens WHERE value_hash = $1 AND ${live}`,
);
const use = statement(
  'registration_tokens_use',
  `UPDATE registration_tokens SET uses = uses + 1
   WHERE registration_token_id = $1 AND (uses_limit = 0 OR uses < uses_limit) AND ${live} RETURNING registration_token_id`,
);
const insert = statement(
  'registration_tokens_insert',
  `INSERT INTO registration_tokens (registration_token_id, value_hash, description, policy, uses_limit, expires_at)
   VALUES ($1, $2, $3, $4::jsonb, $5, $6) RETURNING ${columns}`,
);
const find = statement('registration_tokens_find', `SELECT ${columns} FROM registration_tokens WHERE registration_token_id = $1`);
const remove = statement('registration_tokens_delete', 'DELETE FROM registration_tokens WHERE registration_token_id = $1 RETURNING 1');

/** Initial access tokens and bearer tokens like them have 256 random bits: a plain hash is enough. */
export function hashToken(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

/** Initial access tokens (RFC 7591 §3). */
export class PostgresRegistrationTokens implements RegistrationTokens {
  constructor(private readonly database: Database) {}

  async find(value: string): Promise<RegistrationToken | 'used_up' | undefined> {
    const [row] = await this.database.query<RegistrationTokenRow>(findByValue, [hashToken(value)]);
    if (row === undefined) return undefined;
    if (row.uses_limit > 0 && row.uses >= row.uses_limit) return 'used_up';
    return { registration_token_id: row.registration_token_id, policy: row.policy };
  }
}

export type NewRegistrationToken = Omit<RegistrationTokenRow, 'uses' | 'created_at'>;

export const registrationTokenRows = {
  columns,

  /** Atomic: counts one use; false when another took the last one. */
  async use(tx: Queryable, registration_token_id: string): Promise<boolean> {
    return (await tx.query(use, [registration_token_id])).length > 0;
  },

  async insert(tx: Queryable, token: NewRegistrationToken, value: string): Promise<RegistrationTokenRow> {
    const { registration_token_id, description, policy, uses_limit, expires_at } = token;
    const values = [registration_token_id, hashToken(value), description, JSON.stringify(policy), uses_limit, expires_at];
    const [row] = await tx.query<RegistrationTokenRow>(insert, values);
    if (row === undefined) throw new Error('an insert answered no row');
    return row;
  },

  async find(db: Queryable, registration_token_id: string): Promise<RegistrationTokenRow | undefined> {
    return (await db.query<RegistrationTokenRow>(find, [registration_token_id]))[0];
  },

  async remove(tx: Queryable, registration_token_id: string): Promise<boolean> {
    return (await tx.query(remove, [registration_token_id])).length > 0;
  },
};
