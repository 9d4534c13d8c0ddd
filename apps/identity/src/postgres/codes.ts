import { type Database, type Queryable, statement } from '@authority/postgres';
import { digestOfAddress, hourOf, type NewCode, type Purpose } from '../codes/code.ts';
import type { CodeFault, Codes, Judged, MailOf, Proven, Sent } from '../codes/ports.ts';
import type { Mails } from '../mails/mails.ts';

export const codeTables: readonly string[] = [
  'CREATE SEQUENCE one_time_codes_made',
  // One row for each code that was asked for, whether or not somebody has the address. Dropped by the hour.
  `CREATE TABLE one_time_codes (
     hour integer NOT NULL,
     id text NOT NULL,
     version smallint NOT NULL DEFAULT 1,
     made bigint NOT NULL DEFAULT nextval('one_time_codes_made'),
     purpose text NOT NULL,
     address text NOT NULL,
     sub uuid,
     browser text NOT NULL,
     code text NOT NULL,
     link text NOT NULL,
     verifies text,
     attempts smallint NOT NULL DEFAULT 0,
     made_at timestamptz NOT NULL,
     expires_at timestamptz NOT NULL,
     used_at timestamptz,
     PRIMARY KEY (hour, id)
   ) PARTITION BY RANGE (hour)`,
  'CREATE INDEX one_time_codes_address ON one_time_codes (address, made)',
  'CREATE INDEX one_time_codes_sub ON one_time_codes (sub) WHERE sub IS NOT NULL',
];

const time = (value: string): string => `to_timestamp(${value}::bigint / 1000.0)`;
/** A code that was made later for the same purpose and address. What has expired before now is in no partition that counts. */
const newer = (now: string): string => `EXISTS (
  SELECT FROM one_time_codes AS later
  WHERE later.address = c.address AND later.purpose = c.purpose AND later.made > c.made AND later.hour >= ${now}::bigint / 3600000)`;
const sinceYesterday = `made_at > ${time('$10')} - interval '1 day'`;

const clock = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

// The limit is of the address alone: that of an account would tell which addresses are one person's.
const insert = statement(
  'code_insert',
  `WITH before AS (
     SELECT count(*) AS all_purposes, count(*) FILTER (WHERE purpose = $3) AS for_purpose
     FROM one_time_codes WHERE address = $4 AND ${sinceYesterday}
   ), inserted AS (
     INSERT INTO one_time_codes (hour, id, purpose, address, sub, browser, code, link, verifies, made_at, expires_at)
     SELECT $1, $2, $3, $4, $5::uuid, $6, $7, $8, $9, ${time('$10')}, ${time('$11')} FROM before WHERE all_purposes < $12
     RETURNING made
   )
   SELECT for_purpose + 1 AS "forPurpose",
     CASE WHEN $5::uuid IS NULL THEN 0
       ELSE 1 + (SELECT count(*) FROM one_time_codes WHERE sub = $5::uuid AND ${sinceYesterday}) END AS "toAccount"
   FROM before, inserted`,
);
// One statement under the row's lock: whoever waits for it finds the attempts that were counted before.
const attempt = statement(
  'code_attempt',
  `UPDATE one_time_codes AS c SET attempts = attempts + 1,
     used_at = CASE WHEN code = $4 AND NOT ${newer('$6')} THEN ${time('$6')} END
   WHERE hour = $1 AND id = $2 AND purpose = $3 AND attempts < $5 AND used_at IS NULL AND expires_at > ${time('$6')}
   RETURNING id, purpose, sub, browser, verifies, ${clock} AS at, used_at IS NOT NULL AS used, ${newer('$6')} AS superseded`,
);
const columns = `id, purpose, sub, browser, verifies, ${clock} AS at, link, attempts, used_at IS NOT NULL AS used,
  expires_at <= ${time('$4')} AS expired, ${newer('$4')} AS superseded`;
const find = statement('code_find', `SELECT ${columns} FROM one_time_codes AS c WHERE hour = $1 AND id = $2 AND purpose = $3`);
const open = statement(
  'code_open',
  `UPDATE one_time_codes AS c SET used_at = ${time('$4')}
   WHERE hour = $1 AND id = $2 AND purpose = $3 AND link = $5 AND used_at IS NULL AND expires_at > ${time('$4')} AND NOT ${newer('$4')}
   RETURNING ${columns}`,
);

interface ProvenRow {
  id: string;
  purpose: Purpose;
  sub: string | null;
  browser: string;
  verifies: string | null;
  at: number;
  used: boolean;
  superseded: boolean;
}

interface CodeRow extends ProvenRow {
  link: string;
  attempts: number;
  expired: boolean;
}

/** One-time codes in PostgreSQL. */
export class PostgresCodes implements Codes {
  readonly #database: Database;
  readonly #mails: Mails;

  constructor(database: Database, mails: Mails) {
    this.#database = database;
    this.#mails = mails;
  }

  create(code: NewCode, mostPerDay: number, mail: MailOf): Promise<boolean> {
    return this.#database.transaction(async (tx) => {
      const [sent] = await tx.query<Sent>(insert, toRow(code, mostPerDay));
      if (!sent) return false;
      await this.#mails.send(tx, mail(sent));
      return true;
    });
  }

  async attempt(tried: Parameters<Codes['attempt']>[0]): Promise<Judged> {
    const { id, purpose, digest, mostAttempts, now } = tried;
    const hour = hourOf(id);
    if (hour === undefined) return { fault: 'code_unknown' };
    const [row] = await this.#database.query<ProvenRow>(attempt, [hour, id, purpose, digest, mostAttempts, now]);
    if (row) return row.used ? { proven: fromRow(row) } : { fault: row.superseded ? 'code_superseded' : 'code_wrong' };
    const [closed] = await this.#database.query<CodeRow>(find, [hour, id, purpose, now]);
    return { fault: closed ? (closedBy(closed) ?? 'code_exhausted') : 'code_unknown' };
  }

  look(link: Parameters<Codes['look']>[0]): Promise<Judged> {
    return lookAtLink(this.#database, link);
  }

  open(link: Parameters<Codes['open']>[0]): Promise<Judged> {
    return openLink(this.#database, link);
  }
}

async function openLink(tx: Queryable, link: Parameters<Codes['open']>[0]): Promise<Judged> {
  const { id, purpose, digest, now } = link;
  const [row] = await tx.query<CodeRow>(open, [hourOf(id) ?? 0, id, purpose, now, digest]);
  if (row) return { proven: fromRow(row) };
  const judged = await lookAtLink(tx, link);
  // Good a moment ago, and used by somebody else since.
  return 'fault' in judged ? judged : { fault: 'code_used' };
}

async function lookAtLink(tx: Queryable, { id, purpose, digest, now }: Parameters<Codes['look']>[0]): Promise<Judged> {
  const [row] = await tx.query<CodeRow>(find, [hourOf(id) ?? 0, id, purpose, now]);
  if (!row || row.link !== digest) return { fault: 'code_unknown' };
  const fault = closedBy(row);
  return fault === undefined ? { proven: fromRow(row) } : { fault };
}

function closedBy(row: CodeRow): CodeFault | undefined {
  if (row.used) return 'code_used';
  if (row.superseded) return 'code_superseded';
  return row.expired ? 'code_expired' : undefined;
}

function toRow(code: NewCode, mostPerDay: number): unknown[] {
  const { hour, id, purpose, address, to, sub, browser, codeDigest, linkDigest, madeAt, expiresAt } = code;
  const known = sub === undefined ? null : to;
  return [hour, id, purpose, digestOfAddress(address), sub ?? null, browser, codeDigest, linkDigest, known, madeAt, expiresAt, mostPerDay];
}

const fromRow = ({ id, purpose, sub, browser, verifies, at }: ProvenRow): Proven => ({
  id,
  purpose,
  sub: sub ?? undefined,
  browser,
  address: verifies ?? undefined,
  at,
});
