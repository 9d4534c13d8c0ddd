import { setImmediate } from 'node:timers/promises';
import { appendAudit } from '@authority/audit';
import {
  type CheckSchemaRequest,
  type CheckSchemaResponse,
  type CreateSchemaRequest,
  type DeleteSchemaRequest,
  type ListSchemasRequest,
  type ListSchemasResponse,
  type ListSchemaVersionsRequest,
  type ListSchemaVersionsResponse,
  Schema as SchemaMessage,
  type UpdateSchemaRequest,
} from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';
import { assertEtag, etagOf, fieldInvalid, page, pageOf, refusal } from '@authority/listing';
import type { Database, Queryable } from '@authority/postgres';
import { nobody } from '../accounts/subject.ts';
import { identitiesOfSchema } from '../postgres/identities.ts';
import { type SchemaRow, schemaRows } from '../postgres/schemas.ts';
import { isObject } from './annotation.ts';
import { readDocument, type SchemaDocument } from './document.ts';
import { IdentitySchema } from './identity-schema.ts';
import { isSchemaId, type Schemas } from './ports.ts';
import { findPreset, presets } from './presets/index.ts';

export interface SchemaAdminPorts {
  readonly database: Database;
  readonly schemas: Schemas;
  /** The schema of people who register. */
  readonly registrationSchema: () => string;
}

const mostSchemas = 200;
const byId = { columns: [{ column: 'schema_id', type: 'text' }] } as const;
const byVersion = { columns: [{ column: 'version', type: 'bigint' }] } as const;
const bySub = { columns: [{ column: 'sub', type: 'uuid' }] } as const;

/** SchemaService: every change with its audit row, in one transaction. */
export class SchemaAdmin {
  readonly #ports: SchemaAdminPorts;

  constructor(ports: SchemaAdminPorts) {
    this.#ports = ports;
  }

  async list(request: ListSchemasRequest): Promise<ListSchemasResponse> {
    const one = page(request, { list: 'schemas', order: byId });
    const cut = pageOf(await liveSchemas(this.#ports.database), one, ({ schema_id }) => [schema_id]);
    return { schemas: cut.rows, next_page_token: cut.next_page_token };
  }

  async listVersions(request: ListSchemaVersionsRequest): Promise<ListSchemaVersionsResponse> {
    const one = page(request, { list: 'schema_versions', order: byVersion, bound: [request.schema_id] });
    const all = await versionsOf(this.#ports.database, request.schema_id);
    const cut = pageOf(all, one, ({ version }) => [version]);
    return { schemas: cut.rows, next_page_token: cut.next_page_token };
  }

  async get(id: string, version: number): Promise<SchemaMessage> {
    const all = await versionsOf(this.#ports.database, id);
    return (version === 0 ? all.at(-1) : all.find((one) => one.version === version)) ?? unknown();
  }

  async create({ schema }: CreateSchemaRequest, actor: string): Promise<SchemaMessage> {
    const { schema_id: id, document } = schema ?? SchemaMessage.create();
    if (!isSchemaId(id)) throw fieldInvalid('schema.schema_id', 'must be at most 40 lower-case letters, digits, _ and -, a letter first');
    read(document, 'schema.document');
    return this.#ports.database.transaction(async (tx) => {
      await schemaRows.lock(tx, id);
      const all = await schemaRows.newest(tx);
      const before = all.find(({ schema_id }) => schema_id === id);
      if (findPreset(id) || before?.deleted_at === null) throw exists(id);
      if (all.length >= mostSchemas) throw fieldInvalid('schema', `there are ${mostSchemas} already`);
      const row = await schemaRows.insert(tx, id, (before?.version ?? 0) + 1, document);
      await appendAudit(tx, { action: 'schema.create', actor, target: `schema:${id}`, details: { version: row.version } });
      return toMessage(row);
    });
  }

  /** The newest version from then on, at every replica: it is asked each time. */
  async update({ schema }: UpdateSchemaRequest, actor: string): Promise<SchemaMessage> {
    const { schema_id: id, document, etag } = schema ?? SchemaMessage.create();
    read(document, 'schema.document');
    return this.#ports.database.transaction(async (tx) => {
      if (isSchemaId(id)) await schemaRows.lock(tx, id);
      const before = (await versionsOf(tx, id)).at(-1) ?? unknown();
      assertEtag(etag, before.etag);
      const row = await schemaRows.insert(tx, id, before.version + 1, document);
      await appendAudit(tx, { action: 'schema.update', actor, target: `schema:${id}`, details: { version: row.version } });
      return toMessage(row);
    });
  }

  async delete({ schema_id: id, etag }: DeleteSchemaRequest, actor: string): Promise<void> {
    await this.#ports.database.transaction(async (tx) => {
      if (isSchemaId(id)) await schemaRows.lock(tx, id);
      const before = (await versionsOf(tx, id)).at(-1) ?? unknown();
      assertEtag(etag, before.etag);
      if (findPreset(id)) throw inUse('it ships with the server');
      if (this.#ports.registrationSchema() === id) throw inUse('the setting schema.registration names it');
      if (await schemaRows.isUsed(tx, id)) throw inUse('there are people who have it; list them with the filter schema_id');
      await schemaRows.remove(tx, id);
      await appendAudit(tx, { action: 'schema.delete', actor, target: `schema:${id}`, details: { version: before.version } });
    });
  }

  /** Looks at one page of those who have the schema: how long it takes does not grow with their number. */
  async check(request: CheckSchemaRequest): Promise<CheckSchemaResponse> {
    const { schema_id: id, document } = request;
    const one = page(request, { list: 'unfit', order: bySub, bound: [id, document] });
    const newest = (await this.#ports.schemas.newest(id)) ?? unknown();
    const schema = document === '' ? newest : new IdentitySchema(id, newest.version + 1, read(document, 'document'));
    const found = await identitiesOfSchema(this.#ports.database, { schemaId: id, after: one.after?.[0] ?? nobody, limit: one.limit });
    const cut = one.cut(found, ({ sub }) => [sub]);
    const judged = [];
    for (const { sub, schema_version, traits } of cut.rows) {
      judged.push({ sub, schema_version, traits: schema.faultsOf(traits) });
      // Others have their turn: a page may take longer than they should wait.
      await setImmediate();
    }
    return {
      unfit: judged
        .filter(({ traits }) => traits.length > 0)
        .map(({ traits, ...person }) => ({ ...person, traits: traits.map(({ trait, description }) => ({ trait, description })) })),
      checked: cut.rows.length,
      next_page_token: cut.next_page_token,
    };
  }
}

/** Every schema in its newest version: rows, and presets of which there is no row. */
async function liveSchemas(db: Queryable): Promise<SchemaMessage[]> {
  const rows = await schemaRows.newest(db);
  const untouched = presets.filter(({ id }) => !rows.some(({ schema_id }) => schema_id === id));
  return [...untouched.map(({ id }) => presetMessage(id)), ...rows.filter(({ deleted_at }) => deleted_at === null).map(toMessage)];
}

/** The versions of a schema that is not deleted, oldest first; those of before a deletion are no part of it. */
async function versionsOf(db: Queryable, id: string): Promise<SchemaMessage[]> {
  if (!isSchemaId(id)) return [];
  const rows = (await schemaRows.versions(db, id)).filter(({ deleted_at }) => deleted_at === null);
  return [...(findPreset(id) ? [presetMessage(id)] : []), ...rows.map(toMessage)];
}

function read(json: string, field: string): SchemaDocument {
  const document = readDocument(json, field);
  if (Array.isArray(document)) throw refusal('field_invalid', document);
  return document;
}

function toMessage({ schema_id, version, document, created_at }: SchemaRow): SchemaMessage {
  return message(schema_id, version, document, created_at.getTime());
}

const presetMessage = (id: string): SchemaMessage => message(id, 1, findPreset(id)?.document ?? '', 0);

function message(schema_id: string, version: number, document: string, create_time_ms: number): SchemaMessage {
  const parsed: unknown = JSON.parse(document);
  const title = isObject(parsed) && typeof parsed['title'] === 'string' ? parsed['title'] : '';
  const preset = findPreset(schema_id) !== undefined;
  return { schema_id, version, document, title, preset, create_time_ms, etag: etagOf({ schema_id, version }) };
}

function unknown(): never {
  throw new StatusError('NOT_FOUND', 'resource_not_found', { message: 'there is no such schema' });
}

const exists = (id: string): StatusError =>
  new StatusError('ALREADY_EXISTS', 'resource_exists', {
    message: `schema.schema_id: there is a schema ${id}; update it to make a new version`,
    violations: [{ field: 'schema.schema_id', description: 'is taken' }],
  });

const inUse = (why: string): StatusError =>
  new StatusError('FAILED_PRECONDITION', 'schema_in_use', { message: `schema: it cannot be deleted, because ${why}` });
