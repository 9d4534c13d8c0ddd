/** Issuers whose assertions are taken as grants (RFC 7523 §2.1). */
export const trustedIssuerTables: readonly string[] = [
  // A deleted row stays, so that every replica learns of the end by the same poll; another of its issuer has another id.
  `CREATE TABLE trusted_issuers (
     trusted_issuer_id text PRIMARY KEY,
     version smallint NOT NULL DEFAULT 1,
     issuer text NOT NULL,
     description jsonb NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     deleted_at timestamptz,
     xid xid8 NOT NULL DEFAULT pg_current_xact_id()
   )`,
  'CREATE UNIQUE INDEX trusted_issuers_issuer ON trusted_issuers (issuer) WHERE deleted_at IS NULL',
  'CREATE INDEX trusted_issuers_xid ON trusted_issuers (xid)',
  'CREATE INDEX trusted_issuers_created ON trusted_issuers (created_at, trusted_issuer_id) WHERE deleted_at IS NULL',
  `CREATE TRIGGER trusted_issuers_tell AFTER INSERT OR UPDATE OR DELETE ON trusted_issuers
     FOR EACH STATEMENT EXECUTE FUNCTION tell_replicas()`,
];
