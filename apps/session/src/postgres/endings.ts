import { appendAudit } from '@authority/audit';
import { appendFeed } from '@authority/feed';
import { coalesce, type Database, partitionNumber, type Queryable, statement } from '@authority/postgres';
import type { Ending, Endings } from '../sessions/ports.ts';
import type { Session } from '../sessions/session.ts';

// `day` is known from the session itself, so that one partition is asked.
const judge = statement(
  'endings_judge',
  `SELECT (
     EXISTS (SELECT FROM ended_sessions WHERE ended_sessions.sid = asked.sid AND ended_sessions.day = asked.day)
     OR EXISTS (
       SELECT FROM subject_not_befores
       WHERE subject_not_befores.sub = asked.sub AND subject_not_befores.not_before >= asked.auth_time
     )
   ) AS ended
   FROM unnest($1::text[], $2::integer[], $3::text[], $4::bigint[])
     WITH ORDINALITY AS asked (sid, day, sub, auth_time, place)
   ORDER BY place`,
);
const insertEnded = statement(
  'endings_insert',
  'INSERT INTO ended_sessions (sid, day, sub, why) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING sid',
);
const raiseNotBefore = statement(
  'endings_not_before',
  `INSERT INTO subject_not_befores (sub, not_before) VALUES ($1, $2)
   ON CONFLICT (sub) DO UPDATE SET not_before = greatest(subject_not_befores.not_before, EXCLUDED.not_before)`,
);

const dayOf = (session: Session): number => partitionNumber(new Date(session.expiresAt), 'day');

/** Ended sessions and not-befores, in PostgreSQL. */
export class PostgresEndings implements Endings {
  readonly #database: Database;
  readonly #judge: (session: Session) => Promise<boolean>;

  constructor(database: Database) {
    this.#database = database;
    this.#judge = coalesce(
      async (sessions: Session[]) => {
        const rows = await database.query<{ ended: boolean }>(judge, [
          sessions.map(({ sid }) => sid),
          sessions.map(dayOf),
          sessions.map(({ sub }) => sub),
          sessions.map(({ authTime }) => authTime),
        ]);
        return rows.map(({ ended }) => ended);
      },
      { key: ({ sid, authTime }) => `${sid} ${authTime}`, shareEqual: true },
    );
  }

  isEnded(session: Session): Promise<boolean> {
    return this.#judge(session);
  }

  end({ session, why, actor }: Ending): Promise<number | undefined> {
    const { sid, sub } = session;
    return this.#database.transaction(async (tx) => {
      const ended = await tx.query(insertEnded, [sid, dayOf(session), sub, why]);
      if (ended.length === 0) return undefined;
      await appendAudit(tx, { action: 'session.end', actor, target: `session:${sid}`, details: { sub, why } });
      return appendFeed(tx, { event: 'session_ended', sub, sid, why });
    });
  }
}

/** In the transaction of the feed's cursor. */
export async function setNotBefore(tx: Queryable, sub: string, notBefore: number): Promise<void> {
  await tx.query(raiseNotBefore, [sub, notBefore]);
}
