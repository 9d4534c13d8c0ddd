/**
 * What people decided about devices (RFC 8628), by hour of the end of their codes, which is in the device code: a poll names
 * the partition of its decision.
 */
export const deviceTables: readonly string[] = [
  `CREATE TABLE device_decisions (
     code_hash bytea NOT NULL,
     expires_at timestamptz NOT NULL,
     version smallint NOT NULL DEFAULT 1,
     client_id text NOT NULL,
     sub text NOT NULL,
     allowed boolean NOT NULL,
     scopes text[] NOT NULL,
     resources text[] NOT NULL,
     authentication jsonb NOT NULL,
     decided_at timestamptz NOT NULL,
     redeemed_at timestamptz,
     grant_id text,
     PRIMARY KEY (code_hash, expires_at)
   ) PARTITION BY RANGE (expires_at)`,
  'CREATE TABLE device_decisions_default PARTITION OF device_decisions DEFAULT',

  // The work of upkeep(integer) for this table. A function of its own: that one stays as the release before knows it.
  `CREATE FUNCTION upkeep_devices() RETURNS TABLE (parent text, strays bigint)
   LANGUAGE plpgsql SECURITY DEFINER AS $upkeep$
   DECLARE
     now_utc timestamp := clock_timestamp() AT TIME ZONE 'UTC';
     at timestamp;
   BEGIN
     PERFORM pg_advisory_xact_lock(hashtext('authority.token.upkeep'));
     FOR hours IN -1..12 LOOP
       at := date_trunc('hour', now_utc) + make_interval(hours => hours);
       PERFORM make_partition('device_decisions', 'device_decisions_' || to_char(at, 'YYYYMMDDHH24'), 'expires_at',
         to_char(at, 'YYYY-MM-DD HH24:MI:SS"Z"'), to_char(at + interval '1 hour', 'YYYY-MM-DD HH24:MI:SS"Z"'));
     END LOOP;
     -- A device code says when it ends, and is believed by no clock that is two hours late.
     PERFORM drop_partitions('device_decisions', to_char(now_utc - interval '2 hours', 'YYYYMMDDHH24'));
     RETURN QUERY SELECT 'device_decisions', count(*) FROM device_decisions_default;
   END
   $upkeep$`,
  `DO $path$
   BEGIN
     EXECUTE format('ALTER FUNCTION upkeep_devices() SET search_path = %I, pg_temp', current_schema());
   END
   $path$`,
  'REVOKE ALL ON FUNCTION upkeep_devices() FROM PUBLIC',
  'SELECT upkeep_devices()',
];
