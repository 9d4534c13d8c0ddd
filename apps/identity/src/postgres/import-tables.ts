/** Who came by which import, under the name that the other system has for them. */
export const importTables: readonly string[] = [
  `CREATE TABLE imported_identities (
     import_id text NOT NULL,
     external_id text NOT NULL,
     sub uuid NOT NULL REFERENCES identities ON DELETE CASCADE,
     PRIMARY KEY (import_id, external_id)
   )`,
  'CREATE INDEX imported_identities_sub ON imported_identities (sub)',
];
