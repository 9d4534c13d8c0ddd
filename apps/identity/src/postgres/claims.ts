import { coalesce, type Database, statement } from '@authority/postgres';
import type { ClaimSource } from '../accounts/claims.ts';
import { isSubject } from '../accounts/subject.ts';
import type { Traits } from '../accounts/traits.ts';

const findMany = statement(
  'claims_find',
  'SELECT sub, traits, email_verified, updated_at FROM identities WHERE sub = ANY ($1::uuid[]) AND NOT disabled',
);

interface ClaimRow {
  sub: string;
  traits: Traits;
  email_verified: boolean;
  updated_at: Date;
}

/** What the claims of a subject are made of; undefined when there is none, or it is disabled. The look-ups of one tick are
 *  one statement. */
export function claimSources(database: Database): (sub: string) => Promise<ClaimSource | undefined> {
  const find = coalesce(
    async (subs: string[]) => {
      const rows = await database.query<ClaimRow>(findMany, [subs]);
      const found = new Map(rows.map((row) => [row.sub, fromRow(row)]));
      return subs.map((sub) => found.get(sub));
    },
    { key: (sub) => sub, shareEqual: true },
  );
  return (sub) => (isSubject(sub) ? find(sub) : Promise.resolve(undefined));
}

const fromRow = (row: ClaimRow): ClaimSource => ({
  traits: row.traits,
  emailVerified: row.email_verified,
  updatedAt: row.updated_at,
});
