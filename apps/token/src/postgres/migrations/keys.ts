/** Keys: random, wrapped under the system secret; the wrapped bytes are useless without it. */
export const keyTables: readonly string[] = [
  `CREATE TABLE keys (
     key_id text PRIMARY KEY,
     version smallint NOT NULL DEFAULT 1,
     use text NOT NULL CHECK (use IN ('signing', 'mac', 'sealing')),
     alg text NOT NULL,
     public_jwk jsonb,
     wrapped bytea NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     activate_at timestamptz NOT NULL,
     deleted_at timestamptz,
     xid xid8 NOT NULL DEFAULT pg_current_xact_id()
   )`,
  'CREATE INDEX keys_xid ON keys (xid)',
];
