import { type Database, type Queryable, statement } from '@authority/postgres';
import { clientsOfSessions } from './session-clients.ts';

const today = "((clock_timestamp() AT TIME ZONE 'UTC')::date - date '1970-01-01')";

/** Only clients that said where they want to hear of it (Back-Channel Logout §2.2). */
const insert = `INSERT INTO logout_deliveries (sid, client_id, day, sub)
   SELECT took_part.sid, took_part.client_id, ${today}, took_part.sub FROM took_part JOIN clients USING (client_id)
   WHERE clients.deleted_at IS NULL AND NOT clients.disabled AND clients.metadata ->> 'backchannel_logout_uri' IS NOT NULL
   ON CONFLICT DO NOTHING`;

const queueSessions = statement(
  'logouts_queue_sessions',
  `WITH took_part AS (${clientsOfSessions('unnest($1::text[], $2::text[]) AS asked (sid, sub)')}) ${insert}`,
);

/** The newest of a person's grants; an older session has ended by itself. */
const queueSubjects = statement(
  'logouts_queue_subjects',
  `WITH took_part AS (
     SELECT DISTINCT found.sid, asked.sub, found.client_id FROM unnest($1::text[]) AS asked (sub)
     CROSS JOIN LATERAL (
       (SELECT authentication ->> 'sid' AS sid, client_id FROM grants
         WHERE grants.sub = asked.sub AND 'openid' = ANY (scopes) AND expires_at > clock_timestamp()
         ORDER BY created_at DESC LIMIT 1000)
       UNION
       (SELECT sid, client_id FROM session_clients WHERE session_clients.sub = asked.sub LIMIT 1000)
     ) AS found
     WHERE found.sid IS NOT NULL
       AND NOT EXISTS (SELECT FROM not_befores n WHERE n.kind = 'session' AND n.target = found.sid)
   ) ${insert}`,
);

/**
 * Takes what is due, a few for each client, beginning after the client that was served last: one that does not answer
 * holds up nobody else. Taken rows are due again after the lease, so that what a dying process took is not lost, and a
 * former leader that has not noticed takes others.
 */
const take = statement(
  'logouts_take',
  `WITH RECURSIVE waiting AS (
     (SELECT client_id FROM logout_deliveries WHERE done_at IS NULL AND client_id > $1 ORDER BY client_id LIMIT 1)
     UNION ALL
     SELECT (SELECT next.client_id FROM logout_deliveries next
              WHERE next.done_at IS NULL AND next.client_id > waiting.client_id ORDER BY next.client_id LIMIT 1)
     FROM waiting WHERE waiting.client_id IS NOT NULL
   ), due AS (
     SELECT found.* FROM waiting CROSS JOIN LATERAL (
       SELECT sid, client_id, day FROM logout_deliveries
        WHERE logout_deliveries.client_id = waiting.client_id AND done_at IS NULL AND due_at <= clock_timestamp()
        ORDER BY due_at LIMIT $2
     ) AS found
     WHERE waiting.client_id IS NOT NULL AND waiting.client_id <> ALL ($3::text[]) LIMIT $4
   )
   UPDATE logout_deliveries SET attempts = attempts + 1, due_at = clock_timestamp() + interval '30 seconds'
   FROM due
   WHERE logout_deliveries.sid = due.sid AND logout_deliveries.client_id = due.client_id AND logout_deliveries.day = due.day
     AND logout_deliveries.done_at IS NULL AND logout_deliveries.due_at <= clock_timestamp()
   RETURNING logout_deliveries.sid, logout_deliveries.client_id, logout_deliveries.day, sub, attempts, created_at`,
);

const finish = statement(
  'logouts_finish',
  `UPDATE logout_deliveries SET done_at = clock_timestamp(), outcome = $4 WHERE sid = $1 AND client_id = $2 AND day = $3`,
);
const postpone = statement(
  'logouts_postpone',
  `UPDATE logout_deliveries SET due_at = clock_timestamp() + make_interval(secs => $4)
   WHERE sid = $1 AND client_id = $2 AND day = $3 AND done_at IS NULL`,
);
const countWaiting = statement('logouts_waiting', 'SELECT count(*) AS waiting FROM logout_deliveries WHERE done_at IS NULL');
const upkeep = statement('logouts_upkeep', 'SELECT parent, strays FROM upkeep_logouts()');

/** One client that is to hear of one session's end. */
export interface LogoutDelivery {
  sid: string;
  client_id: string;
  day: number;
  sub: string;
  /** This one included. */
  attempts: number;
  created_at: Date;
}

export type LogoutOutcome = 'delivered' | 'given_up' | 'client_gone';

/** Fills the outbox, in the transaction that applies the ends. */
export async function queueLogouts(
  tx: Queryable,
  ended: { sessions: readonly { sid: string; sub: string }[]; subjects: readonly string[] },
): Promise<void> {
  const { sessions, subjects } = ended;
  if (sessions.length > 0) await tx.query(queueSessions, [sessions.map(({ sid }) => sid), sessions.map(({ sub }) => sub)]);
  if (subjects.length > 0) await tx.query(queueSubjects, [subjects]);
}

/** The outbox of back-channel logout. */
export class PostgresLogoutDeliveries {
  /** The client that was served last. */
  private after = '';

  constructor(private readonly database: Database) {}

  /** At most `limit`, at most `each` for a client, none of the `busy` ones. */
  async take(limit: number, each: number, busy: readonly string[]): Promise<LogoutDelivery[]> {
    const taken = await this.database.query<LogoutDelivery>(take, [this.after, each, busy, limit]);
    if (taken.length < limit && this.after !== '') {
      const left = limit - taken.length;
      taken.push(...(await this.database.query<LogoutDelivery>(take, ['', each, busy, left])));
    }
    this.after = taken.at(-1)?.client_id ?? '';
    return taken;
  }

  finish({ sid, client_id, day }: LogoutDelivery, outcome: LogoutOutcome): Promise<unknown> {
    return this.database.query(finish, [sid, client_id, day, outcome]);
  }

  postpone({ sid, client_id, day }: LogoutDelivery, seconds: number): Promise<unknown> {
    return this.database.query(postpone, [sid, client_id, day, seconds]);
  }

  async waiting(): Promise<number> {
    const [row] = await this.database.query<{ waiting: number }>(countWaiting);
    return row?.waiting ?? 0;
  }

  /** Days ahead are made and past ones dropped; rows that found no day, by table. */
  upkeep(): Promise<{ parent: string; strays: number }[]> {
    return this.database.query(upkeep);
  }
}
