/** Resources that an operator has described (RFC 8707). */
export const resourceTables: readonly string[] = [
  // A deleted row stays until the next one of its name, so that every replica learns of the end by the same poll.
  `CREATE TABLE resources (
     resource text PRIMARY KEY,
     version smallint NOT NULL DEFAULT 1,
     description jsonb NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     deleted_at timestamptz,
     xid xid8 NOT NULL DEFAULT pg_current_xact_id()
   )`,
  'CREATE INDEX resources_xid ON resources (xid)',
  'CREATE INDEX resources_created ON resources (created_at, resource) WHERE deleted_at IS NULL',
  `CREATE TRIGGER resources_tell AFTER INSERT OR UPDATE OR DELETE ON resources
     FOR EACH STATEMENT EXECUTE FUNCTION tell_replicas()`,
];
