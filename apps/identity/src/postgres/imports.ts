import { type Queryable, statement } from '@authority/postgres';
import type { Person } from '../import/person.ts';
import type { SealedTotp } from '../import/totp.ts';

/** What of a batch is there already. */
export interface Clashes {
  /** Subjects by external id: imported before by this import. */
  readonly imported: ReadonlyMap<string, string>;
  /** `kind value` of what somebody has: identifiers, `sub …`, `user_handle …` and `passkey …` (hexadecimal). */
  readonly taken: ReadonlySet<string>;
}

const findImported = statement(
  'import_known',
  'SELECT external_id, sub FROM imported_identities WHERE import_id = $1 AND external_id = ANY ($2::text[])',
);
const findTaken = statement(
  'import_taken',
  `SELECT kind || ' ' || value AS key FROM unnest($1::text[], $2::text[]) AS wanted (kind, value) JOIN identifiers USING (kind, value)
   UNION ALL SELECT 'sub ' || sub FROM identities WHERE sub = ANY ($3::uuid[])
   UNION ALL SELECT 'user_handle ' || encode(user_handle, 'hex') FROM passkey_users WHERE user_handle = ANY ($4::bytea[])
   UNION ALL SELECT 'passkey ' || encode(credential_id, 'hex') FROM passkeys WHERE credential_id = ANY ($5::bytea[])`,
);
const insertIdentities = statement(
  'import_identities',
  `INSERT INTO identities (sub, schema_id, schema_version, traits, email_verified, disabled, created_at)
   SELECT sub, schema_id, schema_version, traits::jsonb, email_verified, disabled, to_timestamp(created / 1000.0)
   FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::boolean[], $6::boolean[], $7::bigint[])
     AS person (sub, schema_id, schema_version, traits, email_verified, disabled, created)`,
);
const insertNames = statement(
  'import_names',
  `INSERT INTO imported_identities (import_id, external_id, sub) SELECT $1, * FROM unnest($2::text[], $3::uuid[])`,
);
// In the order of the key: two imports that want the same wait for each other and for nothing else.
const insertIdentifiers = statement(
  'import_identifiers',
  `INSERT INTO identifiers (kind, value, sub)
   SELECT kind, value, sub FROM unnest($1::text[], $2::text[], $3::uuid[]) AS person (kind, value, sub) ORDER BY kind, value`,
);
const insertAddresses = statement(
  'import_addresses',
  `INSERT INTO addresses (sub, kind, value, recovery, verified_at)
   SELECT sub, kind, value, recovery, CASE WHEN verified THEN clock_timestamp() END
   FROM unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::boolean[]) AS address (sub, kind, value, recovery, verified)`,
);
const insertPasswords = statement(
  'import_passwords',
  `INSERT INTO credentials (sub, kind, data)
   SELECT sub, 'password', jsonb_build_object('v', 1, 'phc', hash) FROM unnest($1::uuid[], $2::text[]) AS person (sub, hash)`,
);
// As totps.ts has them.
const storeTotps = statement(
  'import_totps',
  `INSERT INTO credentials (sub, kind, data) SELECT sub, 'totp', data::jsonb FROM unnest($1::uuid[], $2::text[]) AS person (sub, data)`,
);
const insertUserHandles = statement(
  'import_user_handles',
  'INSERT INTO passkey_users (sub, user_handle) SELECT * FROM unnest($1::uuid[], $2::bytea[])',
);
const markPasskeys = statement(
  'import_passkey_marks',
  `INSERT INTO credentials (sub, kind, data) SELECT sub, 'passkey', '{"v":1}' FROM unnest($1::uuid[]) AS person (sub)`,
);
const insertPasskeys = statement(
  'import_passkeys',
  `INSERT INTO passkeys (credential_id, sub, public_key, counter, transports, aaguid, backup_eligible, backed_up, user_verified, name)
   SELECT credential_id, sub, public_key, counter, string_to_array(transports, ' '), aaguid, backup_eligible, backed_up, user_verified, name
   FROM unnest($1::bytea[], $2::uuid[], $3::bytea[], $4::bigint[], $5::text[], $6::uuid[], $7::boolean[], $8::boolean[], $9::boolean[],
     $10::text[])
     AS passkey (credential_id, sub, public_key, counter, transports, aaguid, backup_eligible, backed_up, user_verified, name)`,
);

export async function findClashes(db: Queryable, importId: string, people: readonly Person[]): Promise<Clashes> {
  const identifiers = people.flatMap((person) => person.identifiers);
  const taken = await db.query<{ key: string }>(findTaken, [
    identifiers.map(({ kind }) => kind),
    identifiers.map(({ value }) => value),
    people.filter(({ keepsSub }) => keepsSub).map(({ sub }) => sub),
    people.flatMap(({ userHandle }) => userHandle ?? []),
    people.flatMap(({ passkeys }) => passkeys.map(({ credential_id }) => credential_id)),
  ]);
  // After what is taken: what another call of this import has just written must not look like somebody else's.
  const known = await db.query<{ external_id: string; sub: string }>(findImported, [importId, people.map(({ externalId }) => externalId)]);
  return { imported: new Map(known.map(({ external_id, sub }) => [external_id, sub])), taken: new Set(taken.map(({ key }) => key)) };
}

/** Writes people whom nothing clashes with: a statement for each table, however many they are. */
export async function insertPeople(tx: Queryable, importId: string, people: readonly Person[]): Promise<void> {
  if (people.length === 0) return;
  const of = <T>(column: (person: Person) => T): T[] => people.map(column);
  const identifiers = people.flatMap(({ sub, identifiers }) => identifiers.map((one) => ({ ...one, sub })));
  const withPassword = people.filter(({ passwordHash }) => passwordHash !== undefined);
  await tx.query(insertIdentities, [
    of(({ sub }) => sub),
    of(({ schema }) => schema.id),
    of(({ schema }) => schema.version),
    of(({ traits }) => traits),
    of(({ emailVerified }) => emailVerified),
    of(({ disabled }) => disabled),
    of(({ createdAt }) => createdAt),
  ]);
  await tx.query(insertNames, [importId, of(({ externalId }) => externalId), of(({ sub }) => sub)]);
  await tx.query(insertIdentifiers, [
    identifiers.map(({ kind }) => kind),
    identifiers.map(({ value }) => value),
    identifiers.map(({ sub }) => sub),
  ]);
  const addresses = people.flatMap(({ sub, addresses }) => addresses.map((one) => ({ ...one, sub })));
  await tx.query(insertAddresses, [
    addresses.map(({ sub }) => sub),
    addresses.map(({ kind }) => kind),
    addresses.map(({ value }) => value),
    addresses.map(({ recovery }) => recovery),
    addresses.map(({ verified }) => verified),
  ]);
  await tx.query(insertPasswords, [withPassword.map(({ sub }) => sub), withPassword.map(({ passwordHash }) => passwordHash)]);
  await insertAllPasskeys(tx, people);
}

/** Authenticator apps of people who are there by now. */
export async function insertTotps(tx: Queryable, totps: readonly (SealedTotp & { readonly sub: string })[]): Promise<void> {
  if (totps.length === 0) return;
  const data = totps.map(({ sealed, algorithm, digits, period, step }) =>
    JSON.stringify({ v: 1, sealed, algorithm, digits, period, step }),
  );
  await tx.query(storeTotps, [totps.map(({ sub }) => sub), data]);
}

async function insertAllPasskeys(tx: Queryable, people: readonly Person[]): Promise<void> {
  const owners = people.filter(({ passkeys }) => passkeys.length > 0);
  if (owners.length === 0) return;
  const subs = owners.map(({ sub }) => sub);
  const all = owners.flatMap(({ sub, passkeys }) => passkeys.map((one) => ({ ...one, sub })));
  await tx.query(insertUserHandles, [subs, owners.map(({ userHandle }) => userHandle)]);
  await tx.query(markPasskeys, [subs]);
  await tx.query(insertPasskeys, [
    all.map(({ credential_id }) => credential_id),
    all.map(({ sub }) => sub),
    all.map(({ public_key }) => public_key),
    all.map(({ counter }) => counter),
    all.map(({ transports }) => transports.join(' ')),
    all.map(({ aaguid }) => aaguid),
    all.map(({ backup_eligible }) => backup_eligible),
    all.map(({ backed_up }) => backed_up),
    all.map(({ user_verified }) => user_verified),
    all.map(({ name }) => name),
  ]);
}

/** Somebody took what the look before had found free (unique_violation), or waited for the same (deadlock_detected). */
export function isTakenMeanwhile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '23505' || error.code === '40P01');
}
