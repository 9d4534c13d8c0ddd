import { type Database, type Queryable, statement } from '@authority/postgres';
import type { Scopes } from '@authority/protocol';
import { ChangedRows } from './changed-rows.ts';
import type { Polled } from './replica-poll.ts';

interface ScopeRow {
  name: string;
  description: string;
}

const changed = statement(
  'scopes_changed',
  `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, name, description
   FROM (SELECT 1) AS one LEFT JOIN scopes ON scopes.xid >= $1::xid8`,
);
const add = statement(
  'scopes_add',
  'INSERT INTO scopes (name) SELECT DISTINCT unnest($1::text[]) AS name ORDER BY name ON CONFLICT DO NOTHING',
);

/** Scopes that the server knows, in memory: those of OpenID Connect, and those that an operator gave to some client. */
export class PostgresScopes implements Scopes, Polled {
  private readonly changes = new ChangedRows<ScopeRow>(changed, (row) => row.name !== null);
  private scopes = new Map<string, string>();

  constructor(private readonly database: Database) {}

  isKnown(scope: string): boolean {
    return this.scopes.has(scope);
  }

  description(scope: string): string {
    return this.scopes.get(scope) ?? '';
  }

  async refresh(): Promise<void> {
    const { rows, all } = await this.changes.read(this.database);
    if (all) this.scopes = new Map();
    for (const { name, description } of rows) this.scopes.set(name, description);
  }

  forget(): void {
    this.changes.forget();
  }
}

/** An operator who names a scope makes it known, in the transaction of that change. */
export async function makeScopesKnown(tx: Queryable, scopes: readonly string[]): Promise<void> {
  if (scopes.length > 0) await tx.query(add, [scopes]);
}
