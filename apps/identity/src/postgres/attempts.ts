import { type Queryable, statement } from '@authority/postgres';
import { type Attempts, type Counted, firstPauseSeconds, type Guessable, longestPauseSeconds } from '../attempts/attempts.ts';

export const attemptTables: readonly string[] = [
  // browser: one in which such a code was right before, or '' for all others together.
  `CREATE TABLE attempts (
     sub uuid NOT NULL REFERENCES identities ON DELETE CASCADE,
     what text NOT NULL,
     browser text NOT NULL,
     number integer NOT NULL,
     counted_at timestamptz NOT NULL,
     open_at timestamptz NOT NULL,
     PRIMARY KEY (sub, what, browser)
   )`,
  'CREATE INDEX attempts_counted ON attempts (counted_at)',
];

const pauseAfter = (number: string): string =>
  `make_interval(secs => CASE WHEN ${number} < $4::integer THEN 0
     ELSE least(${longestPauseSeconds}, ${firstPauseSeconds} * power(2, least(${number} - $4::integer, 16))) END)`;
/** A day without an attempt is a new beginning. */
const next = `CASE WHEN a.counted_at < clock_timestamp() - interval '1 day' THEN 1 ELSE least(a.number + 1, 1000) END`;

const place = `CASE WHEN $3::text <> '' AND EXISTS (
  SELECT FROM attempts AS proved WHERE proved.sub = $1::uuid AND proved.what = $2::text AND proved.browser = $3::text
) THEN $3::text ELSE '' END`;

// The row's lock makes one after the other of what comes at once, and each sees the pause that the one before has made.
const count = statement(
  'attempt_count',
  `WITH place AS (SELECT ${place} AS bucket)
   INSERT INTO attempts AS a (sub, what, browser, number, counted_at, open_at)
   SELECT $1::uuid, $2::text, bucket, 1, clock_timestamp(), clock_timestamp() + ${pauseAfter('1')} FROM place
   ON CONFLICT (sub, what, browser) DO UPDATE
     SET number = ${next}, counted_at = clock_timestamp(), open_at = clock_timestamp() + ${pauseAfter(`(${next})`)}
     WHERE a.open_at <= clock_timestamp()
   RETURNING browser AS bucket`,
);
const openAt = statement(
  'attempt_open_at',
  `SELECT ceil(extract(epoch FROM open_at) * 1000)::bigint AS at FROM attempts WHERE sub = $1 AND what = $2
     AND browser = ${place}`,
);

/** Attempts at codes in PostgreSQL. */
export class PostgresAttempts implements Attempts {
  readonly #database: Queryable;

  constructor(database: Queryable) {
    this.#database = database;
  }

  async count(sub: string, what: Guessable, browser: string, limit: number): Promise<Counted> {
    const [counted] = await this.#database.query<{ bucket: string }>(count, [sub, what, browser, limit]);
    if (counted) return { admitted: true, bucket: counted.bucket };
    const [row] = await this.#database.query<{ at: number }>(openAt, [sub, what, browser]);
    // Forgotten in between by a right code: the next one may be tried at once.
    return { admitted: false, retryAt: row?.at ?? 0 };
  }
}

/**
 * For a statement that has `$1` as the subject and `used` as its rows: a right code forgets the attempts before it, and gives
 * its browser attempts of its own from then on.
 */
export const afterRightCode = (what: Guessable, { bucket, browser }: { bucket: string; browser: string }): string =>
  `forgotten AS (
     DELETE FROM attempts WHERE sub = $1 AND what = '${what}' AND browser = ${bucket} AND browser = '' AND EXISTS (SELECT FROM used)
   ), proved AS (${proveBrowser(what, browser)} AND EXISTS (SELECT FROM used) ${again})`;

const again = `ON CONFLICT (sub, what, browser) DO UPDATE SET number = 0, counted_at = EXCLUDED.counted_at, open_at = EXCLUDED.open_at`;
const proveBrowser = (what: Guessable, browser: string): string =>
  `INSERT INTO attempts (sub, what, browser, number, counted_at, open_at)
   SELECT $1::uuid, '${what}', ${browser}::text, 0, clock_timestamp(), clock_timestamp() WHERE ${browser}::text <> ''`;

const mark = statement('attempt_mark_totp', `${proveBrowser('totp', '$2')} ${again}`);
const drop = statement('attempt_drop_totp', "DELETE FROM attempts WHERE sub = $1 AND what = 'totp'");

/** The browser in which an authenticator app was set up has shown its first code. */
export const markBrowser = (tx: Queryable, sub: string, browser: string): Promise<unknown> => tx.query(mark, [sub, browser]);

/** With an authenticator app goes what was counted and proved of it. */
export const dropAttempts = (tx: Queryable, sub: string): Promise<unknown> => tx.query(drop, [sub]);
