import { type Database, type Queryable, statement } from '@authority/postgres';
import type { SealedValues } from '@authority/sealing';
import type { UpstreamProviders } from '../upstream/ports.ts';
import type { UpstreamProvider } from '../upstream/provider.ts';

/** A provider as it is stored. */
export interface StoredProvider {
  readonly provider: UpstreamProvider;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

interface ProviderRow {
  provider_id: string;
  document: { v: 1; provider: UpstreamProvider };
  version: number;
  created: number;
  updated: number;
}

const columns = `provider_id, document, version, (extract(epoch FROM created_at) * 1000)::bigint AS created,
  (extract(epoch FROM updated_at) * 1000)::bigint AS updated`;
const findAll = statement('upstream_providers', `SELECT ${columns} FROM upstream_providers ORDER BY provider_id`);
const findOne = statement('upstream_provider', `SELECT ${columns} FROM upstream_providers WHERE provider_id = $1`);
const lockOne = statement('upstream_provider_lock', `SELECT ${columns} FROM upstream_providers WHERE provider_id = $1 FOR UPDATE`);
const insert = statement(
  'upstream_provider_insert',
  `INSERT INTO upstream_providers (provider_id, document, client_secret) VALUES ($1, $2::jsonb, $3) ON CONFLICT DO NOTHING RETURNING ${columns}`,
);
const update = statement(
  'upstream_provider_update',
  `UPDATE upstream_providers SET document = $2::jsonb, client_secret = coalesce($3, client_secret), version = version + 1,
     updated_at = clock_timestamp() WHERE provider_id = $1 RETURNING ${columns}`,
);
// A person whose last link goes has this way in no more.
const remove = statement(
  'upstream_provider_remove',
  `WITH gone AS (DELETE FROM upstream_links WHERE provider_id = $1 RETURNING sub),
   unmarked AS (
     DELETE FROM credentials WHERE kind = 'upstream' AND sub IN (SELECT sub FROM gone)
       AND NOT EXISTS (SELECT FROM upstream_links other WHERE other.sub = credentials.sub AND other.provider_id <> $1)
   )
   DELETE FROM upstream_providers WHERE provider_id = $1`,
);
const findSecret = statement('upstream_secret', 'SELECT client_secret FROM upstream_providers WHERE provider_id = $1');

/** Rows of providers, for their administration. */
export const providerRows = {
  all: async (db: Queryable): Promise<StoredProvider[]> => (await db.query<ProviderRow>(findAll)).map(fromRow),
  find: async (db: Queryable, id: string): Promise<StoredProvider | undefined> => one(await db.query<ProviderRow>(findOne, [id])),
  lock: async (tx: Queryable, id: string): Promise<StoredProvider | undefined> => one(await tx.query<ProviderRow>(lockOne, [id])),
  insert: async (tx: Queryable, provider: UpstreamProvider, secret: string | null): Promise<StoredProvider | undefined> =>
    one(await tx.query<ProviderRow>(insert, [provider.providerId, documentOf(provider), secret])),
  update: async (tx: Queryable, provider: UpstreamProvider, secret: string | null): Promise<StoredProvider | undefined> =>
    one(await tx.query<ProviderRow>(update, [provider.providerId, documentOf(provider), secret])),
  remove: (tx: Queryable, id: string): Promise<unknown> => tx.query(remove, [id]),
};

/** Where a client secret is sealed for. */
export const secretPlace = (providerId: string) => ({ purpose: 'upstream', row: providerId });

/** The providers as flows see them; they are few, and asked for each time, so that a change is in force at once. */
export class PostgresUpstreamProviders implements UpstreamProviders {
  constructor(
    private readonly database: Pick<Database, 'query'>,
    private readonly sealed: Pick<SealedValues, 'open'>,
  ) {}

  async enabled(): Promise<readonly UpstreamProvider[]> {
    return (await providerRows.all(this.database)).map(({ provider }) => provider).filter(({ disabled }) => !disabled);
  }

  async find(providerId: string): Promise<UpstreamProvider | undefined> {
    const stored = await providerRows.find(this.database, providerId);
    return stored?.provider.disabled ? undefined : stored?.provider;
  }

  async secretOf(providerId: string): Promise<string | undefined> {
    const [row] = await this.database.query<{ client_secret: string | null }>(findSecret, [providerId]);
    if (row === undefined || row.client_secret === null) return undefined;
    return (await this.sealed.open(row.client_secret, secretPlace(providerId)))?.toString('utf8');
  }
}

const documentOf = (provider: UpstreamProvider): string => JSON.stringify({ v: 1, provider });
const one = ([row]: ProviderRow[]): StoredProvider | undefined => row && fromRow(row);
const fromRow = ({ document, version, created, updated }: ProviderRow): StoredProvider => ({
  provider: document.provider,
  version,
  createdAt: created,
  updatedAt: updated,
});
