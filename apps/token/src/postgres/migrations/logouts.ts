/**
 * Who must hear that a session has ended (OpenID Connect Back-Channel Logout 1.0). Both tables are partitioned by day and
 * their days are dropped whole: neither grows for ever, whatever clients do.
 */
export const logoutTables: readonly string[] = [
  // Clients that got an ID Token from the authorization endpoint, where no grant tells of it (implicit and hybrid); by the
  // day of the session's absolute end.
  `CREATE TABLE session_clients (
     sid text NOT NULL,
     client_id text NOT NULL,
     end_day integer NOT NULL,
     version smallint NOT NULL DEFAULT 1,
     sub text NOT NULL,
     PRIMARY KEY (sid, client_id, end_day)
   ) PARTITION BY RANGE (end_day)`,
  'CREATE INDEX session_clients_sub ON session_clients (sub)',
  'CREATE TABLE session_clients_default PARTITION OF session_clients DEFAULT',

  // The outbox, by the day of the session's end. `done_at`: told, or given up; kept till its day goes, so that a session
  // whose end is heard twice is told once.
  `CREATE TABLE logout_deliveries (
     sid text NOT NULL,
     client_id text NOT NULL,
     day integer NOT NULL,
     version smallint NOT NULL DEFAULT 1,
     sub text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     attempts integer NOT NULL DEFAULT 0,
     done_at timestamptz,
     outcome text,
     PRIMARY KEY (sid, client_id, day)
   ) PARTITION BY RANGE (day)`,
  'CREATE INDEX logout_deliveries_due ON logout_deliveries (client_id, due_at) WHERE done_at IS NULL',
  'CREATE TABLE logout_deliveries_default PARTITION OF logout_deliveries DEFAULT',

  // The session of an offline grant; one that is bound to its session is found by grants_sid. So every grant is in one of
  // the two, and the exchange of a code pays for one index as before.
  `CREATE INDEX grants_signed_in_by ON grants ((authentication ->> 'sid')) WHERE sid IS NULL AND authentication IS NOT NULL`,

  // As upkeep(): the service's role has no DDL. A session lives 30 days at most.
  `CREATE FUNCTION upkeep_logouts() RETURNS TABLE (parent text, strays bigint)
   LANGUAGE plpgsql SECURITY DEFINER AS $upkeep$
   DECLARE
     today integer := ((clock_timestamp() AT TIME ZONE 'UTC')::date - date '1970-01-01');
   BEGIN
     PERFORM pg_advisory_xact_lock(hashtext('authority.token.upkeep_logouts'));
     FOR day IN today..today + 33 LOOP
       PERFORM make_partition('session_clients', 'session_clients_' || day, 'end_day', day::text, (day + 1)::text);
     END LOOP;
     FOR day IN today..today + 3 LOOP
       PERFORM make_partition('logout_deliveries', 'logout_deliveries_' || day, 'day', day::text, (day + 1)::text);
     END LOOP;
     PERFORM drop_partitions('session_clients', (today - 1)::text);
     PERFORM drop_partitions('logout_deliveries', (today - 1)::text);
     DELETE FROM session_clients_default WHERE end_day < today - 1;
     DELETE FROM logout_deliveries_default WHERE day < today - 1;
     RETURN QUERY
       SELECT 'session_clients', count(*) FROM session_clients_default
       UNION ALL SELECT 'logout_deliveries', count(*) FROM logout_deliveries_default;
   END
   $upkeep$`,
  `DO $path$
   BEGIN
     EXECUTE format('ALTER FUNCTION upkeep_logouts() SET search_path = %I, pg_temp', current_schema());
   END
   $path$`,
  'REVOKE ALL ON FUNCTION upkeep_logouts() FROM PUBLIC',
  'SELECT upkeep_logouts()',
];
