import { type Queryable, statement } from '@authority/postgres';
import type { Client, RegistrationPolicy } from '@authority/protocol';

/** Who made a client. */
type ClientOrigin = 'operator' | 'dynamic' | 'first_start';

export interface SecretRow {
  kind: 'hmac' | 'argon2id' | 'wrapped';
  key_id: string;
  digest: string;
}

export interface ClientRow {
  client_id: string;
  metadata: Record<string, unknown>;
  origin: ClientOrigin;
  disabled: boolean;
  registration_access_hash: Buffer | null;
  registration_policy: RegistrationPolicy | null;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

/** A client with what its row knows beside it. */
export interface StoredClient {
  client: Client;
  origin: ClientOrigin;
  registrationAccessHash: Buffer | undefined;
  registrationPolicy: RegistrationPolicy | undefined;
  /** Unix milliseconds. */
  createdAt: number;
  updatedAt: number;
}

const columns = `client_id, metadata, origin, disabled, registration_access_hash, registration_policy, created_at, updated_at, deleted_at`;

const find = statement('clients_find', `SELECT ${columns} FROM clients WHERE client_id = $1 AND deleted_at IS NULL`);
const findLocked = statement(
  'clients_find_locked',
  `SELECT ${columns} FROM clients WHERE client_id = $1 AND deleted_at IS NULL FOR UPDATE`,
);
const insert = statement(
  'clients_insert',
  `INSERT INTO clients (client_id, metadata, origin, disabled, registration_token_id, registration_access_hash, registration_policy)
   VALUES ($1, $2::jsonb, $3, $4, $5, $6, $7::jsonb)
   ON CONFLICT (client_id) DO NOTHING RETURNING ${columns}`,
);
const update = statement(
  'clients_update',
  `UPDATE clients SET metadata = $2::jsonb, disabled = $3, updated_at = clock_timestamp(), xid = pg_current_xact_id()
   WHERE client_id = $1 AND deleted_at IS NULL RETURNING ${columns}`,
);
const remove = statement(
  'clients_delete',
  `UPDATE clients SET metadata = '{}', disabled = true, registration_access_hash = NULL, registration_policy = NULL,
          deleted_at = clock_timestamp(), updated_at = clock_timestamp(), xid = pg_current_xact_id()
   WHERE client_id = $1 AND deleted_at IS NULL RETURNING client_id`,
);
const removeConsents = statement('clients_delete_consents', 'DELETE FROM consents WHERE client_id = $1');
const insertSecret = statement(
  'client_secrets_insert',
  'INSERT INTO client_secrets (client_id, secret_id, kind, key_id, digest) VALUES ($1, gen_random_uuid()::text, $2, $3, $4)',
);
const findSecrets = statement('client_secrets_find', 'SELECT kind, key_id, digest FROM client_secrets WHERE client_id = $1');
const dropSecrets = statement('client_secrets_drop', 'DELETE FROM client_secrets WHERE client_id = $1');
const keepNewestSecret = statement(
  'client_secrets_keep',
  `DELETE FROM client_secrets WHERE client_id = $1 AND secret_id <> (
     SELECT secret_id FROM client_secrets WHERE client_id = $1 ORDER BY created_at DESC, secret_id DESC LIMIT 1)`,
);
const touch = statement(
  'clients_touch',
  `UPDATE clients SET updated_at = clock_timestamp(), xid = pg_current_xact_id() WHERE client_id = $1`,
);

export interface NewClientRow {
  client: Client;
  origin: ClientOrigin;
  registration_token_id?: string | undefined;
  registrationAccessHash?: Buffer;
  registrationPolicy?: RegistrationPolicy;
}

/** The rows of clients and their secrets. Whatever changes one sets its `xid`, by which every replica hears of it. */
export const clientRows = {
  async find(db: Queryable, client_id: string): Promise<StoredClient | undefined> {
    const [row] = await db.query<ClientRow>(find, [client_id]);
    return row && fromRow(row);
  },

  /** For a change: nobody else changes it until the transaction ends. */
  async findLocked(tx: Queryable, client_id: string): Promise<StoredClient | undefined> {
    const [row] = await tx.query<ClientRow>(findLocked, [client_id]);
    return row && fromRow(row);
  },

  /** Undefined when the client_id is taken, or was once. */
  async insert(tx: Queryable, entry: NewClientRow): Promise<StoredClient | undefined> {
    const policy = entry.registrationPolicy === undefined ? null : JSON.stringify(entry.registrationPolicy);
    const [row] = await tx.query<ClientRow>(insert, [
      entry.client.client_id,
      JSON.stringify(toMetadata(entry.client)),
      entry.origin,
      entry.client.disabled,
      entry.registration_token_id ?? null,
      entry.registrationAccessHash ?? null,
      policy,
    ]);
    return row && fromRow(row);
  },

  async update(tx: Queryable, client: Client): Promise<StoredClient> {
    const [row] = await tx.query<ClientRow>(update, [client.client_id, JSON.stringify(toMetadata(client)), client.disabled]);
    if (row === undefined) throw new Error('an update of a locked client found no row');
    return fromRow(row);
  },

  /** The row stays without its contents: its client_id is never given to anybody else. */
  async remove(tx: Queryable, client_id: string): Promise<boolean> {
    const rows = await tx.query(remove, [client_id]);
    await tx.query(dropSecrets, [client_id]);
    await tx.query(removeConsents, [client_id]);
    return rows.length > 0;
  },

  secrets: (db: Queryable, client_id: string): Promise<SecretRow[]> => db.query<SecretRow>(findSecrets, [client_id]),

  async addSecret(tx: Queryable, client_id: string, secret: SecretRow): Promise<void> {
    await tx.query(insertSecret, [client_id, secret.kind, secret.key_id, secret.digest]);
    await tx.query(touch, [client_id]);
  },

  async dropSecrets(tx: Queryable, client_id: string): Promise<void> {
    await tx.query(dropSecrets, [client_id]);
    await tx.query(touch, [client_id]);
  },

  keepNewestSecret: (tx: Queryable, client_id: string): Promise<unknown> => tx.query(keepNewestSecret, [client_id]),
};

function toMetadata({ client_id: _, disabled: __, ...metadata }: Client): Record<string, unknown> {
  return metadata;
}

export function clientOf(row: Pick<ClientRow, 'client_id' | 'metadata' | 'disabled'>): Client {
  // Written by toMetadata of this release or the one before; a field that one did not know has its default here.
  const metadata = row.metadata as Omit<Client, 'client_id' | 'disabled'>;
  return { ...clientDefaults, ...metadata, client_id: row.client_id, disabled: row.disabled };
}

export function fromRow(row: ClientRow): StoredClient {
  return {
    client: clientOf(row),
    origin: row.origin,
    registrationAccessHash: row.registration_access_hash ?? undefined,
    registrationPolicy: row.registration_policy ?? undefined,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  };
}

/** What holds where nothing is said (RFC 7591 §2, OpenID Connect Registration §2). */
export const clientDefaults: Omit<Client, 'client_id'> = {
  redirect_uris: [],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  token_endpoint_auth_method: 'client_secret_basic',
  scopes: [],
  id_token_signed_response_alg: 'RS256',
  post_logout_redirect_uris: [],
  require_auth_time: false,
  default_acr_values: [],
  application_type: 'web',
  pkceOptional: false,
  consentSkipped: false,
  allowedResources: [],
  legacyAssertionAudience: false,
  refreshTokenRotation: 'default',
  disabled: false,
  operator: false,
};
