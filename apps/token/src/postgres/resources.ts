import { type Database, type Queryable, statement } from '@authority/postgres';
import { openScopesOf, type Resource, type Resources } from '@authority/protocol';
import { ChangedRows } from './changed-rows.ts';
import type { Polled } from './replica-poll.ts';

export interface ResourceRow {
  resource: string;
  description: Record<string, unknown>;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

/** A resource with what its row knows beside it. */
export interface StoredResource {
  resource: Resource;
  /** Unix milliseconds. */
  createdAt: number;
  updatedAt: number;
}

const changed = statement(
  'resources_changed',
  `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, resources.*
   FROM (SELECT 1) AS one LEFT JOIN resources ON resources.xid >= $1::xid8`,
);
const findOne = statement('resources_find', 'SELECT * FROM resources WHERE resource = $1 AND deleted_at IS NULL');
const findLocked = statement('resources_find_locked', 'SELECT * FROM resources WHERE resource = $1 AND deleted_at IS NULL FOR UPDATE');
const insert = statement(
  'resources_insert',
  `INSERT INTO resources (resource, description) VALUES ($1, $2::jsonb)
   ON CONFLICT (resource) DO UPDATE SET description = EXCLUDED.description, created_at = clock_timestamp(),
     updated_at = clock_timestamp(), deleted_at = NULL, xid = pg_current_xact_id()
     WHERE resources.deleted_at IS NOT NULL
   RETURNING *`,
);
const update = statement(
  'resources_update',
  `UPDATE resources SET description = $2::jsonb, updated_at = clock_timestamp(), xid = pg_current_xact_id()
   WHERE resource = $1 AND deleted_at IS NULL RETURNING *`,
);
const remove = statement(
  'resources_delete',
  `UPDATE resources SET description = '{}', deleted_at = clock_timestamp(), updated_at = clock_timestamp(), xid = pg_current_xact_id()
   WHERE resource = $1 AND deleted_at IS NULL`,
);

/** The rows of resources. Whatever changes one sets its `xid`, by which every replica hears of it. */
export const resourceRows = {
  async find(db: Queryable, resource: string): Promise<StoredResource | undefined> {
    const [row] = await db.query<ResourceRow>(findOne, [resource]);
    return row && fromRow(row);
  },

  /** For a change: nobody else changes it until the transaction ends. */
  async findLocked(tx: Queryable, resource: string): Promise<StoredResource | undefined> {
    const [row] = await tx.query<ResourceRow>(findLocked, [resource]);
    return row && fromRow(row);
  },

  /** Undefined when there is one of that name. */
  async insert(tx: Queryable, resource: Resource): Promise<StoredResource | undefined> {
    const [row] = await tx.query<ResourceRow>(insert, [resource.resource, descriptionOf(resource)]);
    return row && fromRow(row);
  },

  async update(tx: Queryable, resource: Resource): Promise<StoredResource> {
    const [row] = await tx.query<ResourceRow>(update, [resource.resource, descriptionOf(resource)]);
    if (row === undefined) throw new Error('an update of a locked resource found no row');
    return fromRow(row);
  },

  remove: (tx: Queryable, resource: string): Promise<unknown> => tx.query(remove, [resource]),
};

/** All resources in this replica's memory, kept current by the poll. */
export class PostgresResources implements Resources, Polled {
  private readonly changes = new ChangedRows<ResourceRow>(changed, (row) => row.resource !== null);
  private resources = new Map<string, Resource>();
  private scopes: readonly string[] = [];

  constructor(private readonly database: Database) {}

  find(identifier: string): Resource | undefined {
    return this.resources.get(identifier);
  }

  openScopes(): readonly string[] {
    return this.scopes;
  }

  async refresh(): Promise<void> {
    const { rows, all } = await this.changes.read(this.database);
    if (all) this.resources = new Map();
    for (const row of rows) {
      if (row.deleted_at === null) this.resources.set(row.resource, fromRow(row).resource);
      else this.resources.delete(row.resource);
    }
    if (all || rows.length > 0) this.scopes = openScopesOf(this.resources.values());
  }

  forget(): void {
    this.changes.forget();
  }
}

function descriptionOf({ resource: _, ...description }: Resource): string {
  return JSON.stringify(description);
}

export function fromRow(row: ResourceRow): StoredResource {
  // Written by descriptionOf of this release or another; a field that one did not know has its default here.
  const description = row.description as Partial<Resource>;
  return {
    resource: { scopes: [], shared: false, allowedClients: [], ...description, resource: row.resource },
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  };
}
