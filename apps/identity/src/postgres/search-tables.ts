/**
 * Substrings of what is known of people, by a GIN index over trigrams, made of PostgreSQL's own array operators: pg_trgm is
 * an extension, which not every server allows. An index over an expression: whoever writes traits need not know of it.
 */
export const searchTables: readonly string[] = [
  // Every text of the traits, in lower case; what lies behind 2,000 characters is not found.
  `CREATE FUNCTION identity_text(traits jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT RETURN
     lower(left((SELECT string_agg(found #>> '{}', E'\\n')
                 FROM jsonb_path_query(traits, 'strict $.** ? (@.type() == "string")') AS found), 2000))`,
  `CREATE FUNCTION trigrams(value text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT RETURN
     ARRAY(SELECT DISTINCT substr(value, place, 3) FROM generate_series(1, length(value) - 2) AS place)`,
  'CREATE INDEX identities_trigrams ON identities USING gin (trigrams(identity_text(traits)))',
  'CREATE INDEX identities_disabled ON identities (sub) WHERE disabled',
];
