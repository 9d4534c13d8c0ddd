import { statement } from '@authority/postgres';
import { endingVerdict, tokensGone } from './endings.ts';
import { grantColumns } from './grant-rows.ts';

/*
 * Every statement names one partition by `end_day = $1`, so that the planner or the executor looks at that one alone.
 */

/**
 * Ends the grants of CTE `ended`, and says so: replicas' entry and audit row in the same statement as the change. Where an
 * operator did it, the admin call writes the audit row, with the operator's name, in the same transaction.
 */
const enterEnded = `entered AS (
     INSERT INTO revocations (kind, target, not_before, gone_at)
     SELECT 'grant', grant_id, clock_timestamp(), clock_timestamp() + ${tokensGone} FROM ended
   ), audited AS (
     INSERT INTO audit (action, actor, target, details)
     SELECT 'grant.revoke', CASE revoked_why WHEN 'revoked_by_client' THEN 'client:' || client_id WHEN 'revoked_by_person' THEN 'user:' || sub ELSE 'system' END,
            'grant:' || grant_id, jsonb_build_object('why', revoked_why, 'client_id', client_id, 'sub', sub)
     FROM ended WHERE revoked_why <> 'operator'
   )`;

/**
 * $2 what is presented, $3 handle hashes, $4 grace in seconds, $5 the current MAC key. Rows are locked in the order of
 * their hashes, so that two batches cannot deadlock; a row that another statement has just stepped is judged as that one
 * left it, and within the grace window both answer the same successor.
 *
 * `again` also needs that the successor has not been used. It has not: its use would have stepped the row once more, and
 * the presented generation would be two behind.
 */
export const rotateGrants = statement(
  'grants_rotate',
  `WITH asked AS (
     SELECT * FROM jsonb_to_recordset($2::jsonb) AS asked (
       handle_hash bytea, presented integer, asked_by text, asked_scopes text[], asked_resources text[], shown jsonb)
   ), locked AS (
     SELECT * FROM grants WHERE end_day = $1 AND handle_hash = ANY ($3::bytea[]) ORDER BY handle_hash FOR UPDATE
   ), judged AS (
     SELECT locked.*, asked.presented, asked.shown,
       CASE
         WHEN asked.asked_by <> locked.client_id THEN 'other_client'
         WHEN NOT coalesce(asked.shown, '{}') @> coalesce(locked.confirmation, '{}') THEN 'other_key'
         WHEN NOT asked.asked_scopes <@ locked.scopes THEN 'scope_exceeds_grant'
         WHEN NOT asked.asked_resources <@ locked.resources THEN 'resource_exceeds_grant'
         WHEN locked.revoked_at IS NOT NULL THEN 'revoked'
         WHEN locked.expires_at <= clock_timestamp() THEN 'expired'
         ELSE coalesce(${endingVerdict('locked', 'created_at')}, CASE
           WHEN asked.presented > locked.generation THEN 'ahead'
           WHEN asked.presented = locked.generation THEN 'step'
           WHEN asked.presented = locked.generation - 1
             AND locked.stepped_at > clock_timestamp() - make_interval(secs => $4::double precision) THEN 'again'
           ELSE 'reused' END)
       END AS verdict
     FROM locked JOIN asked USING (handle_hash)
   ), stepped AS (
     UPDATE grants SET generation = judged.presented + 1, key_id = $5, stepped_at = clock_timestamp(),
            confirmation = coalesce(grants.confirmation, judged.shown)
     FROM judged
     WHERE grants.end_day = $1 AND grants.handle_hash = judged.handle_hash AND judged.verdict IN ('step', 'ahead')
   ), ended AS (
     UPDATE grants SET revoked_at = clock_timestamp(), revoked_why = 'refresh_token_reused'
     FROM judged
     WHERE grants.end_day = $1 AND grants.handle_hash = judged.handle_hash AND judged.verdict = 'reused'
     RETURNING grants.grant_id, grants.client_id, grants.sub, grants.revoked_why
   ), ${enterEnded}
   SELECT encode(handle_hash, 'hex') AS handle, verdict, ${grantColumns},
          CASE WHEN verdict IN ('step', 'ahead') THEN presented + 1 ELSE generation END AS generation,
          CASE WHEN verdict IN ('step', 'ahead') THEN $5 ELSE key_id END AS key_id
   FROM judged`,
);

/** $2 handle hashes. No write, no lock. */
export const readGrants = statement(
  'grants_read',
  `SELECT encode(handle_hash, 'hex') AS handle, ${grantColumns}, generation, key_id,
     CASE
       WHEN revoked_at IS NOT NULL THEN 'revoked'
       WHEN expires_at <= clock_timestamp() THEN 'expired'
       ELSE coalesce(${endingVerdict('grants', 'created_at')}, 'live')
     END AS verdict
   FROM grants WHERE end_day = $1 AND handle_hash = ANY ($2::bytea[])`,
);

/** $2 grant ids, $3 why. A grant that has ended already is left as it is. */
export const revokeGrants = statement(
  'grants_revoke',
  `WITH asked AS (
     SELECT * FROM unnest($2::text[], $3::text[]) AS asked (grant_id, why)
   ), ended AS (
     UPDATE grants SET revoked_at = clock_timestamp(), revoked_why = asked.why
     FROM asked
     WHERE grants.end_day = $1 AND grants.grant_id = asked.grant_id AND grants.revoked_at IS NULL
     RETURNING grants.grant_id, grants.client_id, grants.sub, grants.revoked_why
   ), ${enterEnded}
   SELECT grant_id FROM ended`,
);

/** $1 one grant. Stored unless a not-before says that what it rests on is over. */
export const createGrant = statement(
  'grants_create',
  `WITH asked AS (
     SELECT * FROM jsonb_to_record($1::jsonb) AS asked (
       handle_hash bytea, end_day integer, grant_id text, client_id text, sub text, sid text, scopes text[], resources text[],
       authentication jsonb, key_id text, created_at timestamptz, expires_at timestamptz, confirmation jsonb)
   ), judged AS (
     SELECT asked.*, coalesce(${endingVerdict('asked', 'created_at')}, 'created') AS verdict FROM asked
   ), granted AS (
     INSERT INTO grants (handle_hash, end_day, grant_id, client_id, sub, sid, scopes, resources, authentication,
                         generation, key_id, created_at, expires_at, confirmation)
     SELECT handle_hash, end_day, grant_id, client_id, sub, sid, scopes, resources, authentication, 0, key_id, created_at,
            expires_at, confirmation
     FROM judged WHERE verdict = 'created'
   )
   SELECT verdict FROM judged`,
);
