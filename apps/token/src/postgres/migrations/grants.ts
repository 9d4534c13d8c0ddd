/** Marks of used codes, grants, revocations and not-befores. */
export const grantTables: readonly string[] = [
  // By hour of the code's expiry, which is sealed in the code: whoever presents a code names the partition of its mark.
  `CREATE TABLE code_marks (
     code_hash bytea NOT NULL,
     expires_at timestamptz NOT NULL,
     version smallint NOT NULL DEFAULT 1,
     grant_id text NOT NULL,
     PRIMARY KEY (code_hash, expires_at)
   ) PARTITION BY RANGE (expires_at)`,
  'CREATE TABLE code_marks_default PARTITION OF code_marks DEFAULT',

  // By day of the absolute end (days since 1970), which every refresh token names. fillfactor: a rotation changes no
  // indexed column, so with room in the page it is a heap-only update.
  `CREATE TABLE grants (
     handle_hash bytea NOT NULL,
     end_day integer NOT NULL,
     version smallint NOT NULL DEFAULT 1,
     grant_id text NOT NULL,
     client_id text NOT NULL,
     sub text NOT NULL,
     sid text,
     scopes text[] NOT NULL,
     resources text[] NOT NULL,
     authentication jsonb,
     generation integer NOT NULL,
     key_id text NOT NULL,
     created_at timestamptz NOT NULL,
     stepped_at timestamptz,
     expires_at timestamptz NOT NULL,
     revoked_at timestamptz,
     revoked_why text,
     PRIMARY KEY (handle_hash, end_day)
   ) PARTITION BY RANGE (end_day)`,
  'CREATE INDEX grants_grant_id ON grants (grant_id)',
  'CREATE INDEX grants_sub ON grants (sub, created_at, grant_id)',
  'CREATE INDEX grants_client_id ON grants (client_id, created_at, grant_id)',
  'CREATE INDEX grants_sid ON grants (sid) WHERE sid IS NOT NULL',
  'CREATE TABLE grants_default PARTITION OF grants DEFAULT',

  // What replicas hold in memory, by day of the time after which no token can live that an entry is about.
  `CREATE TABLE revocations (
     kind text NOT NULL CHECK (kind IN ('grant', 'token', 'session', 'client', 'subject')),
     target text NOT NULL,
     version smallint NOT NULL DEFAULT 1,
     not_before timestamptz NOT NULL,
     gone_at timestamptz NOT NULL,
     xid xid8 NOT NULL DEFAULT pg_current_xact_id()
   ) PARTITION BY RANGE (gone_at)`,
  'CREATE INDEX revocations_xid ON revocations (xid)',
  'CREATE TABLE revocations_default PARTITION OF revocations DEFAULT',

  `CREATE TABLE not_befores (
     kind text NOT NULL CHECK (kind IN ('session', 'client', 'subject')),
     target text NOT NULL,
     version smallint NOT NULL DEFAULT 1,
     not_before timestamptz NOT NULL,
     PRIMARY KEY (kind, target)
   )`,

  // Every row tells the replicas to poll at once; a hint only.
  `CREATE FUNCTION tell_replicas() RETURNS trigger LANGUAGE plpgsql AS $tell$
   BEGIN
     PERFORM pg_notify('token_changed', TG_TABLE_NAME);
     RETURN NULL;
   END
   $tell$`,
  ...['clients', 'client_secrets', 'scopes', 'keys', 'revocations'].map(
    (table) =>
      `CREATE TRIGGER ${table}_tell AFTER INSERT OR UPDATE OR DELETE ON ${table}
       FOR EACH STATEMENT EXECUTE FUNCTION tell_replicas()`,
  ),
];
