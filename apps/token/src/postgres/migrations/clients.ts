/** Clients, their secrets, registration tokens, scopes and consents. Unqualified names land in the service's schema. */
export const clientTables: readonly string[] = [
  // A deleted client stays as a row without metadata: its client_id is never given to anybody else, and every replica
  // learns of the end by the same poll as of any change. `xid` is that poll's horizon column.
  `CREATE TABLE clients (
     client_id text PRIMARY KEY,
     version smallint NOT NULL DEFAULT 1,
     metadata jsonb NOT NULL,
     origin text NOT NULL,
     disabled boolean NOT NULL DEFAULT false,
     registration_token_id text,
     registration_access_hash bytea,
     registration_policy jsonb,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     deleted_at timestamptz,
     xid xid8 NOT NULL DEFAULT pg_current_xact_id()
   )`,
  'CREATE INDEX clients_xid ON clients (xid)',
  'CREATE INDEX clients_created ON clients (created_at, client_id) WHERE deleted_at IS NULL',
  // `hmac`: an HMAC-SHA-256 under key `key_id` of the key table, for secrets of 256 bits that the server made.
  // `argon2id`: the encoded hash of a secret that somebody chose.
  `CREATE TABLE client_secrets (
     client_id text NOT NULL REFERENCES clients,
     secret_id text NOT NULL,
     version smallint NOT NULL DEFAULT 1,
     kind text NOT NULL CHECK (kind IN ('hmac', 'argon2id')),
     key_id text NOT NULL DEFAULT '',
     digest text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (client_id, secret_id)
   )`,
  'CREATE INDEX client_secrets_key ON client_secrets (key_id)',
  `CREATE TABLE registration_tokens (
     registration_token_id text PRIMARY KEY,
     version smallint NOT NULL DEFAULT 1,
     value_hash bytea NOT NULL UNIQUE,
     description text NOT NULL DEFAULT '',
     policy jsonb NOT NULL,
     uses_limit integer NOT NULL DEFAULT 0,
     uses integer NOT NULL DEFAULT 0,
     expires_at timestamptz,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp()
   )`,
  'CREATE INDEX registration_tokens_created ON registration_tokens (created_at, registration_token_id)',
  `CREATE TABLE scopes (
     name text PRIMARY KEY,
     version smallint NOT NULL DEFAULT 1,
     description text NOT NULL DEFAULT '',
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     xid xid8 NOT NULL DEFAULT pg_current_xact_id()
   )`,
  'CREATE INDEX scopes_xid ON scopes (xid)',
  // Descriptions of the OpenID scopes are texts of the pages (pages.md); these are what the server knows from the start.
  `INSERT INTO scopes (name) VALUES
     ('openid'), ('profile'), ('email'), ('address'), ('phone'), ('offline_access'), ('authority.admin')`,
  `CREATE TABLE consents (
     sub text NOT NULL,
     client_id text NOT NULL,
     resource text NOT NULL,
     version smallint NOT NULL DEFAULT 1,
     scopes text[] NOT NULL,
     updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (sub, client_id, resource)
   )`,
];
