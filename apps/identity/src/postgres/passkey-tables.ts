/** Passkeys (WebAuthn §4, "credential record"). Beside them `credentials` has one row of kind `passkey` for whoever has any. */
export const passkeyTables = [
  // The name that authenticators know a person by: random, since it may be read from a lost one (WebAuthn §14.6.1).
  `CREATE TABLE passkey_users (
     sub uuid PRIMARY KEY REFERENCES identities ON DELETE CASCADE,
     user_handle bytea NOT NULL UNIQUE
   )`,
  // counter: uint32 of the authenticator; user_verified: at registration or at a use since.
  `CREATE TABLE passkeys (
     credential_id bytea PRIMARY KEY,
     sub uuid NOT NULL REFERENCES passkey_users ON DELETE CASCADE,
     public_key bytea NOT NULL,
     counter bigint NOT NULL,
     transports text[] NOT NULL,
     aaguid uuid NOT NULL,
     backup_eligible boolean NOT NULL,
     backed_up boolean NOT NULL,
     user_verified boolean NOT NULL,
     name text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     last_used_at timestamptz
   )`,
  'CREATE INDEX passkeys_sub ON passkeys (sub)',
];
