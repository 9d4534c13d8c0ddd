/** Tables of identity schemas and of addresses. */
export const schemaTables: readonly string[] = [
  // A version never changes and its number is never used again: whoever has it in memory has it right. A deleted schema
  // takes nobody new; its rows stay, because people may have it.
  `CREATE TABLE identity_schemas (
     schema_id text NOT NULL,
     version integer NOT NULL,
     document json NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     deleted_at timestamptz,
     PRIMARY KEY (schema_id, version)
   )`,
  // Who has a schema, and which of them no longer fit it.
  'CREATE INDEX identities_schema ON identities (schema_id, sub)',
  // Where codes can be sent to, normalised; an address here need not be an identifier, and may be of several people.
  // identities.email_verified stays what says so of the address that becomes the claim `email`.
  `CREATE TABLE addresses (
     sub uuid NOT NULL REFERENCES identities ON DELETE CASCADE,
     kind text NOT NULL,
     value text NOT NULL,
     recovery boolean NOT NULL DEFAULT false,
     verified_at timestamptz,
     PRIMARY KEY (sub, kind, value)
   )`,
  'CREATE INDEX addresses_value ON addresses (kind, value)',
  // Everybody so far has the default schema, whose identifier is the address. Whom the release before this registers while
  // both run has no row until their traits change: what is not here is not verified, but for email_verified.
  `INSERT INTO addresses (sub, kind, value, recovery, verified_at)
   SELECT sub, 'email', value, true, CASE WHEN email_verified THEN updated_at END
   FROM identifiers JOIN identities USING (sub) WHERE kind = 'email'`,
];
