import { coalesce, type Database, statement } from '@authority/postgres';
import type { ClaimSource } from '../accounts/claims.ts';
import { isSubject } from '../accounts/subject.ts';
import type { Traits } from '../accounts/traits.ts';
import type { Schemas } from '../schemas/ports.ts';

const findMany = statement(
  'claims_find',
  `SELECT sub, schema_id, schema_version, traits, email_verified, updated_at,
     ARRAY(SELECT value FROM addresses WHERE addresses.sub = identities.sub AND kind = 'phone' AND verified_at IS NOT NULL) AS phones
   FROM identities WHERE sub = ANY ($1::uuid[]) AND NOT disabled`,
);

interface ClaimRow {
  sub: string;
  schema_id: string;
  schema_version: number;
  traits: Traits;
  email_verified: boolean;
  updated_at: Date;
  phones: string[];
}

/** What the claims of a subject are made of; undefined when there is none, or it is disabled. The look-ups of one tick are
 *  one statement. */
export function claimSources(database: Database, schemas: Pick<Schemas, 'find'>): (sub: string) => Promise<ClaimSource | undefined> {
  const find = coalesce(
    async (subs: string[]) => {
      const rows = await database.query<ClaimRow>(findMany, [subs]);
      const found = new Map(rows.map((row) => [row.sub, row]));
      return subs.map((sub) => found.get(sub));
    },
    { key: (sub) => sub, shareEqual: true },
  );
  return async (sub) => {
    const row = isSubject(sub) ? await find(sub) : undefined;
    if (!row) return undefined;
    const schema = await schemas.find(row.schema_id, row.schema_version);
    if (!schema) throw new Error(`the schema ${row.schema_id} ${row.schema_version} of ${sub} is not there`);
    return { schema, traits: row.traits, emailVerified: row.email_verified, verifiedPhones: row.phones, updatedAt: row.updated_at };
  };
}
