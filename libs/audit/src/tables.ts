/** The audit log of an owner, for its migration; unqualified names land in the owner's schema. */
export function auditTables(): string[] {
  return [
    `CREATE TABLE audit (
       id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
       version smallint NOT NULL DEFAULT 1,
       at timestamptz NOT NULL DEFAULT clock_timestamp(),
       action text NOT NULL,
       actor text NOT NULL,
       target text NOT NULL,
       details jsonb NOT NULL DEFAULT '{}',
       trace_id text NOT NULL DEFAULT '',
       sequence bigint UNIQUE,
       chain_hash text
     )`,
    'CREATE INDEX audit_unchained ON audit (id) WHERE sequence IS NULL',
    'CREATE INDEX audit_at ON audit (at, id)',
    'CREATE INDEX audit_target ON audit (target, at, id)',
    'CREATE INDEX audit_actor ON audit (actor, at, id)',
    `CREATE TABLE audit_head (
       singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
       sequence bigint NOT NULL DEFAULT 0,
       chain_hash text NOT NULL DEFAULT ''
     )`,
    'INSERT INTO audit_head DEFAULT VALUES',
  ];
}
