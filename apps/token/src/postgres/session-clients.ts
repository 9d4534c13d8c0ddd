import { type Queryable, statement } from '@authority/postgres';
import type { SessionClients } from '@authority/protocol';

/** Nobody has signed in to more clients in one session; a person who tries costs no more than this. */
const mostGrants = 2000;

/**
 * Which clients signed a person in by sessions `asked (sid, sub)`: SQL that answers sid, sub and client_id. The grant of
 * every code names its session, whether it is bound to it or not, so a sign-in by a code leaves nothing of its own. What
 * the authorization endpoint gave without a grant is in session_clients.
 */
export function clientsOfSessions(asked: string): string {
  return `SELECT asked.sid, asked.sub, found.client_id FROM ${asked}
    CROSS JOIN LATERAL (
      (SELECT client_id FROM grants
        WHERE grants.sid = asked.sid AND grants.sub = asked.sub AND 'openid' = ANY (scopes) LIMIT ${mostGrants})
      UNION
      (SELECT client_id FROM grants
        WHERE grants.sid IS NULL AND grants.authentication IS NOT NULL AND grants.authentication ->> 'sid' = asked.sid
          AND grants.sub = asked.sub AND 'openid' = ANY (scopes) LIMIT ${mostGrants})
      UNION
      (SELECT client_id FROM session_clients
        WHERE session_clients.sid = asked.sid AND session_clients.sub = asked.sub LIMIT ${mostGrants})
    ) AS found`;
}

const find = statement('session_clients_find', clientsOfSessions('(SELECT $1::text AS sid, $2::text AS sub) AS asked'));
const remember = statement(
  'session_clients_remember',
  `INSERT INTO session_clients (sid, client_id, end_day, sub) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
);

const dayMs = 86_400_000;

/** Who took part in a session (OpenID Connect Back-Channel Logout §2.6, Front-Channel Logout §2). */
export class PostgresSessionClients implements SessionClients {
  constructor(private readonly database: Queryable) {}

  async of(session: { sid: string; sub: string }): Promise<readonly string[]> {
    const rows = await this.database.query<{ client_id: string }>(find, [session.sid, session.sub]);
    return rows.map(({ client_id }) => client_id);
  }

  async remember(session: { sid: string; sub: string; expiresAt: number }, client_id: string): Promise<void> {
    await this.database.query(remember, [session.sid, client_id, Math.floor(session.expiresAt / dayMs), session.sub]);
  }
}
