import { type Database, type Queryable, statement } from '@authority/postgres';
import { readDocument } from '../schemas/document.ts';
import { IdentitySchema } from '../schemas/identity-schema.ts';
import { isSchemaId, type Schemas } from '../schemas/ports.ts';
import { findPreset } from '../schemas/presets/index.ts';

export interface SchemaRow {
  schema_id: string;
  version: number;
  document: string;
  created_at: Date;
  deleted_at: Date | null;
}

const columns = 'schema_id, version, document::text AS document, created_at, deleted_at';
const findVersion = statement('schema_version', `SELECT ${columns} FROM identity_schemas WHERE schema_id = $1 AND version = $2`);
const findNewest = statement(
  'schema_newest',
  'SELECT version, deleted_at FROM identity_schemas WHERE schema_id = $1 ORDER BY version DESC LIMIT 1',
);
const findAll = statement(
  'schemas_newest',
  `SELECT DISTINCT ON (schema_id) ${columns} FROM identity_schemas ORDER BY schema_id, version DESC`,
);
const findVersions = statement('schema_versions', `SELECT ${columns} FROM identity_schemas WHERE schema_id = $1 ORDER BY version`);
const lock = statement('schema_lock', "SELECT pg_advisory_xact_lock(hashtextextended('identity_schema ' || $1, 0))");
const insert = statement(
  'schema_insert',
  `INSERT INTO identity_schemas (schema_id, version, document) VALUES ($1, $2, $3::json) RETURNING ${columns}`,
);
const remove = statement(
  'schema_delete',
  'UPDATE identity_schemas SET deleted_at = clock_timestamp() WHERE schema_id = $1 AND deleted_at IS NULL',
);
const findUse = statement('schema_use', 'SELECT EXISTS (SELECT FROM identities WHERE schema_id = $1) AS used');

/** Rows of schemas, for their administration. */
export const schemaRows = {
  newest: (db: Queryable): Promise<SchemaRow[]> => db.query<SchemaRow>(findAll),
  /** All versions, oldest first; those of before a deletion too. */
  versions: (db: Queryable, id: string): Promise<SchemaRow[]> => db.query<SchemaRow>(findVersions, [id]),
  /** Until the transaction ends nobody else makes a version of this schema. */
  lock: (tx: Queryable, id: string): Promise<unknown> => tx.query(lock, [id]),
  async insert(tx: Queryable, id: string, version: number, document: string): Promise<SchemaRow> {
    const [row] = await tx.query<SchemaRow>(insert, [id, version, document]);
    if (!row) throw new Error('the insert of a schema answered no row');
    return row;
  },
  remove: (tx: Queryable, id: string): Promise<unknown> => tx.query(remove, [id]),
  async isUsed(tx: Queryable, id: string): Promise<boolean> {
    return (await tx.query<{ used: boolean }>(findUse, [id]))[0]?.used ?? false;
  },
};

const mostKept = 500;

/** Presets and rows. A version never changes, so each is read and compiled once; which one is the newest is asked each time. */
export class PostgresSchemas implements Schemas {
  readonly #database: Queryable;
  readonly #known = new Map<string, IdentitySchema>();

  constructor(database: Pick<Database, 'query'>) {
    this.#database = database;
  }

  async find(id: string, version: number): Promise<IdentitySchema | undefined> {
    if (version === 1) {
      const preset = findPreset(id);
      if (preset) return preset.schema;
    }
    const known = this.#known.get(`${id} ${version}`);
    if (known) return known;
    const [row] = await this.#database.query<SchemaRow>(findVersion, [id, version]);
    return row && this.#read(row);
  }

  async newest(id: string, having: 'live' | 'any' = 'live'): Promise<IdentitySchema | undefined> {
    if (!isSchemaId(id)) return undefined;
    const [row] = await this.#database.query<Pick<SchemaRow, 'version' | 'deleted_at'>>(findNewest, [id]);
    if (!row) return findPreset(id)?.schema;
    return row.deleted_at !== null && having === 'live' ? undefined : this.find(id, row.version);
  }

  #read(row: SchemaRow): IdentitySchema {
    const key = `${row.schema_id} ${row.version}`;
    const known = this.#known.get(key);
    if (known) return known;
    const document = readDocument(row.document, 'document');
    // It was judged when it was stored: a release takes every document that one before it took.
    if (Array.isArray(document)) throw new Error(`the stored schema ${key} cannot be read: ${JSON.stringify(document)}`);
    const schema = new IdentitySchema(row.schema_id, row.version, document);
    if (this.#known.size >= mostKept) this.#known.delete(this.#known.keys().next().value ?? '');
    this.#known.set(key, schema);
    return schema;
  }
}
