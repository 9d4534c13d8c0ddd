/** Providers, and who is who there. The document has a version; the client secret is sealed for its row. */
export const upstreamTables = [
  `CREATE TABLE upstream_providers (
     provider_id text PRIMARY KEY,
     document jsonb NOT NULL,
     client_secret text,
     version bigint NOT NULL DEFAULT 1,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
   )`,
  // One account there is one person here. A person may have several at one provider.
  `CREATE TABLE upstream_links (
     provider_id text NOT NULL REFERENCES upstream_providers ON DELETE CASCADE,
     subject text NOT NULL,
     sub uuid NOT NULL REFERENCES identities ON DELETE CASCADE,
     name text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (provider_id, subject)
   )`,
  'CREATE INDEX upstream_links_sub ON upstream_links (sub)',
];
