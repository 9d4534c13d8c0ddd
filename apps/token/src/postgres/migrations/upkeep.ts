/**
 * Partitions are DDL, and the service's role has none: it may call this one function of the owner, which makes the
 * partitions ahead and drops those that are past. A row whose partition is missing lands in the default partition, so no
 * insert fails; the function moves such rows when it makes their partition, and answers how many are still there.
 */
export const upkeepFunctions: readonly string[] = [
  `CREATE FUNCTION make_partition(parent text, name text, key text, lower text, upper text) RETURNS void
   LANGUAGE plpgsql AS $make$
   BEGIN
     IF to_regclass(format('%I', name)) IS NOT NULL THEN RETURN; END IF;
     -- Attached and not created as a partition: that needs no exclusive lock on the parent.
     EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', name, parent);
     EXECUTE format(
       'WITH strays AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM strays',
       parent || '_default', key, lower, key, upper, name);
     EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, name, lower, upper);
   END
   $make$`,

  // A name says its bound: code_marks_2026123123, revocations_20261231, grants_20818; they sort as text.
  `CREATE FUNCTION drop_partitions(parent text, below text) RETURNS integer LANGUAGE plpgsql AS $drop$
   DECLARE
     past text;
     dropped integer := 0;
   BEGIN
     FOR past IN
       SELECT child.relname FROM pg_inherits
       JOIN pg_class child ON child.oid = pg_inherits.inhrelid
       WHERE pg_inherits.inhparent = format('%I', parent)::regclass
         AND child.relname ~ ('^' || parent || '_[0-9]+$')
         AND substr(child.relname, length(parent) + 2)::bigint < below::bigint
     LOOP
       EXECUTE format('DROP TABLE %I', past);
       dropped := dropped + 1;
     END LOOP;
     RETURN dropped;
   END
   $drop$`,

  `CREATE FUNCTION upkeep(grant_days integer) RETURNS TABLE (parent text, strays bigint)
   LANGUAGE plpgsql SECURITY DEFINER AS $upkeep$
   DECLARE
     now_utc timestamp := clock_timestamp() AT TIME ZONE 'UTC';
     today integer := (now_utc::date - date '1970-01-01');
     at timestamp;
   BEGIN
     -- One at a time; who comes second finds the work done.
     PERFORM pg_advisory_xact_lock(hashtext('authority.token.upkeep'));
     FOR hours IN -1..12 LOOP
       at := date_trunc('hour', now_utc) + make_interval(hours => hours);
       PERFORM make_partition('code_marks', 'code_marks_' || to_char(at, 'YYYYMMDDHH24'), 'expires_at',
         to_char(at, 'YYYY-MM-DD HH24:MI:SS"Z"'), to_char(at + interval '1 hour', 'YYYY-MM-DD HH24:MI:SS"Z"'));
     END LOOP;
     FOR days IN 0..3 LOOP
       at := date_trunc('day', now_utc) + make_interval(days => days);
       PERFORM make_partition('revocations', 'revocations_' || to_char(at, 'YYYYMMDD'), 'gone_at',
         to_char(at, 'YYYY-MM-DD"T"00:00:00"Z"'), to_char(at + interval '1 day', 'YYYY-MM-DD"T"00:00:00"Z"'));
     END LOOP;
     FOR day IN today..today + least(greatest(grant_days, 1), 1000) LOOP
       PERFORM make_partition('grants', 'grants_' || day, 'end_day', day::text, (day + 1)::text);
     END LOOP;

     -- A mark is asked for as long as its code could be presented and be believed: an hour of grace covers any clock.
     PERFORM drop_partitions('code_marks', to_char(now_utc - interval '2 hours', 'YYYYMMDDHH24'));
     PERFORM drop_partitions('revocations', to_char(now_utc - interval '1 day', 'YYYYMMDD'));
     PERFORM drop_partitions('grants', (today - 1)::text);

     RETURN QUERY
       SELECT 'code_marks', count(*) FROM code_marks_default
       UNION ALL SELECT 'revocations', count(*) FROM revocations_default
       UNION ALL SELECT 'grants', count(*) FROM grants_default;
   END
   $upkeep$`,
  // A function that runs with its owner's rights must not look names up where its caller says.
  `DO $path$
   BEGIN
     EXECUTE format('ALTER FUNCTION upkeep(integer) SET search_path = %I, pg_temp', current_schema());
   END
   $path$`,
  'REVOKE ALL ON FUNCTION upkeep(integer) FROM PUBLIC',
  'REVOKE ALL ON FUNCTION make_partition(text, text, text, text, text) FROM PUBLIC',
  'REVOKE ALL ON FUNCTION drop_partitions(text, text) FROM PUBLIC',
  'SELECT upkeep(45)',
];
