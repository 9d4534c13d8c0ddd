import { refusal } from '@authority/listing';
import { nobody } from '../accounts/subject.ts';
import { type Database, type Queryable, statement } from '@authority/postgres';

/** What follows a keyset: subjects in order. */
export interface SearchRequest {
  readonly needle: string;
  /** The last subject of the page before; undefined on the first. */
  readonly after: string | undefined;
  /** How many are wanted. */
  readonly limit: number;
}

export interface Found {
  /** In order; `limit` at most. */
  readonly subs: readonly string[];
  /** All up to this one have been looked at, and there may be more behind it: the page ends here, full or not. */
  readonly lookedTo?: string;
}

/** So many are read in order before the index is asked: enough for whatever many people have. */
const firstLook = 1000;
/** More candidates of the index than this are not fetched and sorted: the needle is common, and found sooner in order. */
const mostCandidates = 10_000;
/** Where the index has too many, in a hundred of these there is at least one: a page's worth, where they are spread evenly. */
const longLook = 5000;
const [shortestNeedle, longestNeedle] = [3, 100];

const walk = statement(
  'search_walk',
  `SELECT sub, position(lower($1) IN identity_text(traits)) > 0 AS matches
   FROM (SELECT sub, traits FROM identities WHERE sub > $2::uuid ORDER BY sub LIMIT $3) AS window_of_people ORDER BY sub`,
);
// The condition on the text comes after the order (OFFSET 0 keeps it there), so that it is asked until there are enough.
const candidates = statement(
  '',
  `WITH hits AS MATERIALIZED (
     SELECT sub, traits FROM identities
     WHERE trigrams(identity_text(traits)) @> trigrams(lower($1)) AND sub > $2::uuid LIMIT ${mostCandidates + 1}
   ), found AS (
     SELECT sub FROM (SELECT sub, traits FROM hits ORDER BY sub OFFSET 0) AS ordered
     WHERE position(lower($1) IN identity_text(traits)) > 0 LIMIT $3
   )
   SELECT (SELECT count(*) FROM hits) AS candidates, ARRAY(SELECT sub::text FROM found) AS subs`,
);
// The index and nothing else: by its guesses PostgreSQL would at times rather compute the trigrams of everybody.
const byIndex = statement(
  'search_by_index',
  "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true), set_config('jit', 'off', true)",
);

/**
 * Who has a text in their traits, in the order of subjects, in bounded time at any number of people. What many have is
 * found by reading in order, what few have by the index; for what lies between, a page may have fewer than were asked for.
 */
export async function search(database: Database, request: SearchRequest): Promise<Found> {
  const near = await look(database, request, firstLook);
  if (near.subs.length >= request.limit || near.lookedTo === undefined) return near;
  return (await ask(database, request)) ?? look(database, request, longLook);
}

async function look(db: Queryable, { needle, after = nobody, limit }: SearchRequest, count: number): Promise<Found> {
  const rows = await db.query<{ sub: string; matches: boolean }>(walk, [needle, after, count]);
  const subs = rows.filter(({ matches }) => matches).map(({ sub }) => sub);
  const last = rows.at(-1)?.sub;
  return { subs: subs.slice(0, limit), ...(rows.length < count || last === undefined ? {} : { lookedTo: last }) };
}

/** Undefined when the index has too many. */
function ask(database: Database, { needle, after = nobody, limit }: SearchRequest): Promise<Found | undefined> {
  return database.transaction(async (tx) => {
    await tx.query(byIndex);
    const [row] = await tx.query<{ candidates: number; subs: string[] }>(candidates, [needle, after, limit]);
    return row && row.candidates <= mostCandidates ? { subs: row.subs } : undefined;
  });
}

/** A needle as it is searched for; undefined for none. */
export function readNeedle(search: string): string | undefined {
  if (search === '') return undefined;
  const needle = search.trim();
  const length = [...needle].length;
  if (length >= shortestNeedle && length <= longestNeedle && needle.isWellFormed() && !needle.includes('\0')) return needle;
  throw refusal('filter_invalid', [{ field: 'search', description: `must have ${shortestNeedle} to ${longestNeedle} characters` }]);
}
