import { OAuthError } from '@authority/errors';
import { type JwksCache, OutboundError } from '@authority/outbound';
import { type Database, type Queryable, statement } from '@authority/postgres';
import type { TrustedIssuer, TrustedIssuers } from '@authority/protocol';
import { ChangedRows } from './changed-rows.ts';
import { tokensGone } from './endings.ts';
import type { Polled } from './replica-poll.ts';

export interface TrustedIssuerRow {
  trusted_issuer_id: string;
  issuer: string;
  description: unknown;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

export interface StoredTrustedIssuer {
  trustedIssuer: TrustedIssuer;
  displayName: string;
  createdAt: number;
  updatedAt: number;
}

const changed = statement(
  'trusted_issuers_changed',
  `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, trusted_issuers.*
   FROM (SELECT 1) AS one LEFT JOIN trusted_issuers ON trusted_issuers.xid >= $1::xid8`,
);
const live = 'FROM trusted_issuers WHERE trusted_issuer_id = $1 AND deleted_at IS NULL';
const find = statement('trusted_issuers_find', `SELECT * ${live}`);
const findLocked = statement('trusted_issuers_find_locked', `SELECT * ${live} FOR UPDATE`);
const insert = statement(
  'trusted_issuers_insert',
  `INSERT INTO trusted_issuers (trusted_issuer_id, issuer, description) VALUES ($1, $2, $3::jsonb)
   ON CONFLICT (issuer) WHERE deleted_at IS NULL DO NOTHING RETURNING *`,
);
const update = statement(
  'trusted_issuers_update',
  `UPDATE trusted_issuers SET description = $2::jsonb, updated_at = clock_timestamp(), xid = pg_current_xact_id()
   WHERE trusted_issuer_id = $1 RETURNING *`,
);
const remove = statement(
  'trusted_issuers_delete',
  `UPDATE trusted_issuers SET deleted_at = clock_timestamp(), xid = pg_current_xact_id()
   WHERE trusted_issuer_id = $1 AND deleted_at IS NULL`,
);
// The tokens that its assertions got begin with its family: one entry of the revocation set ends them all.
const endTokens = statement(
  'trusted_issuers_end_tokens',
  `INSERT INTO revocations (kind, target, not_before, gone_at)
   VALUES ('token', $1, clock_timestamp(), clock_timestamp() + ${tokensGone})`,
);

/** Rows of trusted issuers. A deleted one stays without effect, so that every replica learns of its end by the same poll. */
export const trustedIssuerRows = {
  async find(db: Queryable, id: string): Promise<StoredTrustedIssuer | undefined> {
    const [row] = await db.query<TrustedIssuerRow>(find, [id]);
    return row && fromRow(row);
  },

  async findLocked(tx: Queryable, id: string): Promise<StoredTrustedIssuer | undefined> {
    const [row] = await tx.query<TrustedIssuerRow>(findLocked, [id]);
    return row && fromRow(row);
  },

  /** Undefined when that issuer is there already. */
  async insert(tx: Queryable, one: Named): Promise<StoredTrustedIssuer | undefined> {
    const { trusted_issuer_id, issuer } = one.trustedIssuer;
    const [row] = await tx.query<TrustedIssuerRow>(insert, [trusted_issuer_id, issuer, descriptionOf(one)]);
    return row && fromRow(row);
  },

  async update(tx: Queryable, one: Named): Promise<StoredTrustedIssuer> {
    const [row] = await tx.query<TrustedIssuerRow>(update, [one.trustedIssuer.trusted_issuer_id, descriptionOf(one)]);
    if (row === undefined) throw new Error('an update of a locked trusted issuer found no row');
    return fromRow(row);
  },

  endTokens: (tx: Queryable, family: string): Promise<unknown> => tx.query(endTokens, [family]),

  async remove(tx: Queryable, { trusted_issuer_id, tokenFamily }: TrustedIssuer): Promise<void> {
    await tx.query(remove, [trusted_issuer_id]);
    await tx.query(endTokens, [tokenFamily]);
  },
};

type Named = Pick<StoredTrustedIssuer, 'trustedIssuer' | 'displayName'>;

/** All trusted issuers in this replica's memory, kept current by the poll. */
export class PostgresTrustedIssuers implements Polled {
  private readonly changes = new ChangedRows<TrustedIssuerRow>(changed, (row) => row.trusted_issuer_id !== null);
  private byId = new Map<string, TrustedIssuer>();
  private byIssuer = new Map<string, TrustedIssuer>();

  constructor(private readonly database: Database) {}

  find(issuer: string): TrustedIssuer | undefined {
    return this.byIssuer.get(issuer);
  }

  async refresh(): Promise<void> {
    const { rows, all } = await this.changes.read(this.database);
    if (all) this.byId = new Map();
    for (const row of rows) {
      if (row.deleted_at === null) this.byId.set(row.trusted_issuer_id, fromRow(row).trustedIssuer);
      else this.byId.delete(row.trusted_issuer_id);
    }
    // Made anew: an issuer that was deleted and created again has two rows, in whatever order they come.
    if (all || rows.length > 0) this.byIssuer = new Map([...this.byId.values()].map((one) => [one.issuer, one]));
  }

  forget(): void {
    this.changes.forget();
  }
}

/** The rows in memory, and the keys that they name or that are published where they say. */
export class KnownTrustedIssuers implements TrustedIssuers {
  constructor(
    private readonly rows: Pick<PostgresTrustedIssuers, 'find'>,
    private readonly cache: JwksCache,
  ) {}

  find(issuer: string): TrustedIssuer | undefined {
    return this.rows.find(issuer);
  }

  async keys({ jwks, jwks_uri }: TrustedIssuer, refresh: boolean): Promise<{ keys: readonly Record<string, unknown>[] }> {
    if (jwks !== undefined) return jwks;
    if (jwks_uri === undefined) return { keys: [] };
    try {
      const { keys } = await this.cache.get(jwks_uri, { refresh });
      return { keys: keys.map((key) => ({ ...key })) };
    } catch (cause) {
      if (!(cause instanceof OutboundError)) throw cause;
      throw new OAuthError('invalid_grant', 'assertion_keys_unavailable', { description: 'the assertion is not valid', cause });
    }
  }
}

function descriptionOf({ trustedIssuer, displayName }: Named): string {
  const { trusted_issuer_id: _, issuer: __, ...description } = trustedIssuer;
  return JSON.stringify({ ...description, displayName });
}

export function fromRow(row: TrustedIssuerRow): StoredTrustedIssuer {
  // Written by descriptionOf of this release or another; a field that one did not know has its strictest value here.
  const { displayName = '', ...description } = row.description as Partial<TrustedIssuer> & { displayName?: string };
  const { trusted_issuer_id, issuer, created_at, updated_at } = row;
  return {
    trustedIssuer: {
      ...{ subjects: 'external', allowedSubjects: [], scopes: [], assertionLifetime: 300, disabled: false },
      ...description,
      ...{ trusted_issuer_id, issuer, tokenFamily: description.tokenFamily ?? trusted_issuer_id },
    },
    displayName,
    createdAt: created_at.getTime(),
    updatedAt: updated_at.getTime(),
  };
}
