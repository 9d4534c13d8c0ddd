import { type Queryable, statement } from '@authority/postgres';

/** What can be ended as a whole. */
export type EndedKind = 'session' | 'client' | 'subject';

/**
 * Longer than any access token may live (24 h; a longer life is refused), with some minutes for one that is being minted.
 * Not the configured life: that may have been longer when a token was issued.
 */
export const tokensGone = "interval '24 hours 5 minutes'";

/**
 * A not-before that does not expire, and the entry for every replica's memory, in one statement. Applied again, it changes
 * nothing: an older or equal not-before is already in force, and its entry was written with it.
 */
const end = statement(
  'endings_end',
  `WITH ended AS (
     INSERT INTO not_befores (kind, target, not_before)
     SELECT kind, target, max(not_before) FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS asked (kind, target, not_before)
     GROUP BY kind, target ORDER BY kind, target
     ON CONFLICT (kind, target) DO UPDATE SET not_before = EXCLUDED.not_before
       WHERE not_befores.not_before < EXCLUDED.not_before
     RETURNING kind, target, not_before
   )
   INSERT INTO revocations (kind, target, not_before, gone_at)
   SELECT kind, target, not_before, clock_timestamp() + ${tokensGone} FROM ended`,
);

export interface Ending {
  kind: EndedKind;
  target: string;
  /** What was authorized until then is over. */
  at: Date;
}

/** Ends all that subjects, clients or sessions have been given, in the transaction of the change. */
export async function endAll(tx: Queryable, endings: readonly Ending[]): Promise<void> {
  if (endings.length === 0) return;
  await tx.query(end, [endings.map(({ kind }) => kind), endings.map(({ target }) => target), endings.map(({ at }) => at)]);
}

/**
 * Which not-before is in force for a row that has client_id, sub, sid, authentication and the time it was authorized at;
 * a verdict in SQL, or NULL. `sid` is the session that it is bound to.
 *
 * A subject's not-before also covers what was authorized later in a session that is older than it. `auth_time` has whole
 * seconds, so a sign-in of the same second counts as later: nobody is refused for signing in right after a new password.
 */
export function endingVerdict(row: string, authorizedAt: string): string {
  const found = (kind: EndedKind, target: string, also: string): string =>
    `EXISTS (SELECT FROM not_befores n WHERE n.kind = '${kind}' AND n.target = ${row}.${target}${also})`;
  const before = `${row}.${authorizedAt} <= n.not_before`;
  const signedInBefore = `(${row}.authentication ->> 'auth_time')::numeric < floor(extract(epoch FROM n.not_before))`;
  return `CASE
    WHEN ${found('subject', 'sub', ` AND (${before} OR ${signedInBefore})`)} THEN 'subject_revoked'
    WHEN ${found('client', 'client_id', ` AND ${before}`)} THEN 'client_disabled'
    WHEN ${found('session', 'sid', '')} THEN 'session_ended'
  END`;
}

/** How long another replica may still issue to a client that was disabled: until its next poll. */
const propagationMs = 1000;

/** Ends all that a client has been given, and what it is given until every replica knows. */
export function endClient(tx: Queryable, client_id: string): Promise<void> {
  return endAll(tx, [{ kind: 'client', target: client_id, at: new Date(Date.now() + propagationMs) }]);
}
