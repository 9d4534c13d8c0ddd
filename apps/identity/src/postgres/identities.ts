import type { Identity, ListIdentitiesRequest, ListIdentitiesResponse } from '@authority/contracts/admin';
import { etagOf, exact, flag, type Page, page, parseFilter, Where } from '@authority/listing';
import { type Database, type Queryable, statement } from '@authority/postgres';
import { normalizeEmail } from '../accounts/email.ts';
import { identifierOf } from '../accounts/identifier.ts';
import { isSubject, nobody } from '../accounts/subject.ts';
import { readNeedle, search } from './search.ts';

/** An identity as operators see it. */
interface IdentityRow {
  sub: string;
  schema_id: string;
  schema_version: number;
  traits: string;
  email_verified: boolean;
  disabled: boolean;
  version: number;
  create_time_ms: number;
  update_time_ms: number;
  credential_kinds: string[];
  addresses: { kind: string; value: string; verified: boolean; recovery: boolean }[];
}

const columns = `sub, schema_id, schema_version, traits::text, email_verified, disabled, version,
  (extract(epoch FROM created_at) * 1000)::bigint AS create_time_ms,
  (extract(epoch FROM updated_at) * 1000)::bigint AS update_time_ms,
  ARRAY(SELECT kind FROM credentials WHERE credentials.sub = identities.sub ORDER BY kind) AS credential_kinds,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'value', value, 'recovery', recovery, 'verified', verified_at IS NOT NULL)
     ORDER BY kind, value), '[]') FROM addresses WHERE addresses.sub = identities.sub) AS addresses`;

const find = statement('identity_find', `SELECT ${columns} FROM identities WHERE sub = $1`);
const lock = statement('identity_lock', `SELECT ${columns} FROM identities WHERE sub = $1 FOR UPDATE`);
const change = statement(
  'identity_change',
  `UPDATE identities SET traits = $2::jsonb, email_verified = $3, disabled = $4, security = security + $5,
     schema_id = $6, schema_version = $7, version = version + 1, updated_at = clock_timestamp() WHERE sub = $1`,
);
const remove = statement('identity_remove', 'DELETE FROM identities WHERE sub = $1');

// What is no subject is nobody's, and must not reach the cast.
const fields = {
  email: exact((email) => normalizeEmail(email) ?? email),
  // Of any kind, in whatever spelling.
  identifier: exact((typed) => identifierOf(typed)?.value ?? typed),
  sub: exact((sub) => (isSubject(sub.toLowerCase()) ? sub : nobody)),
  disabled: flag(),
  schema_id: exact(),
};
// Subjects are UUIDv7: their order is that of their making.
const order = { columns: [{ column: 'sub', type: 'uuid' }] } as const;

/** A page of identities, oldest first. */
export async function listIdentities(db: Database, request: ListIdentitiesRequest): Promise<ListIdentitiesResponse> {
  const needle = readNeedle(request.search);
  const one = page(request, { list: 'identities', order, bound: [request.search] });
  const where = conditionOf(request.filter);
  if (needle !== undefined) return listFound(db, where, one, needle);
  where.after(one);
  const text = `SELECT ${columns} FROM identities ${where.sql} ${one.orderBy} LIMIT ${one.limit}`;
  const rows = await db.query<IdentityRow>(statement('', text), where.values);
  const cut = one.cut(rows, (row) => [row.sub]);
  return { identities: cut.rows.map(fromRow), next_page_token: cut.next_page_token };
}

function conditionOf(filter: string): Where {
  return new Where().filter(parseFilter(filter, fields), {
    email: (value) => `sub IN (SELECT sub FROM identifiers WHERE kind = 'email' AND value = ${value})`,
    identifier: (value) => `sub IN (SELECT sub FROM identifiers WHERE value = ${value} AND kind = ANY ('{email,phone,username}'))`,
    sub: (value) => `sub = ${value}::uuid`,
    disabled: 'disabled',
    schema_id: 'schema_id',
  });
}

/** Those of the search whom the filter lets through; the search says where the next page begins. */
async function listFound(db: Database, where: Where, one: Page, needle: string): Promise<ListIdentitiesResponse> {
  const found = await search(db, { needle, after: one.after?.[0], limit: one.limit });
  const subs = found.subs.slice(0, one.size);
  where.add(`sub = ANY (${where.parameter(subs)}::uuid[])`);
  const rows = await db.query<IdentityRow>(statement('', `SELECT ${columns} FROM identities ${where.sql} ${one.orderBy}`), where.values);
  const end = found.subs.length > one.size ? subs.at(-1) : found.lookedTo;
  return { identities: rows.map(fromRow), next_page_token: end === undefined ? '' : one.tokenAfter([end]) };
}

export async function findIdentity(db: Queryable, sub: string): Promise<Identity | undefined> {
  if (!isSubject(sub)) return undefined;
  const [row] = await db.query<IdentityRow>(find, [sub]);
  return row && fromRow(row);
}

/** As `findIdentity`; nobody else changes it until the transaction ends. */
export async function lockIdentity(tx: Queryable, sub: string): Promise<Identity | undefined> {
  if (!isSubject(sub)) return undefined;
  const [row] = await tx.query<IdentityRow>(lock, [sub]);
  return row && fromRow(row);
}

/** `ends`: the change ends what was issued before it. */
export async function changeIdentity(tx: Queryable, identity: Identity, ends: boolean): Promise<void> {
  const { sub, traits, email_verified, disabled, schema_id, schema_version } = identity;
  await tx.query(change, [sub, traits, email_verified, disabled, ends ? 1 : 0, schema_id, schema_version]);
}

/** Identifiers, credentials and known browsers go with it. */
export async function removeIdentity(tx: Queryable, sub: string): Promise<void> {
  await tx.query(remove, [sub]);
}

function fromRow({ version, ...row }: IdentityRow): Identity {
  return { ...row, etag: etagOf({ sub: row.sub, version }) };
}

const findOfSchema = statement(
  'identities_of_schema',
  `SELECT sub, schema_version, traits FROM identities WHERE schema_id = $1 AND sub > $2::uuid ORDER BY sub LIMIT $3`,
);

/** Whoever has a schema, in the order of subjects, after one of them. */
export function identitiesOfSchema(
  db: Queryable,
  { schemaId, after, limit }: { schemaId: string; after: string; limit: number },
): Promise<{ sub: string; schema_version: number; traits: unknown }[]> {
  return db.query(findOfSchema, [schemaId, after, limit]);
}
