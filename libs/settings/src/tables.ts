/** Settings that are not at their default, for an owner's migration; unqualified names land in the owner's schema. */
export function settingsTables(): string[] {
  return [
    `CREATE TABLE settings (
       name text PRIMARY KEY,
       version smallint NOT NULL DEFAULT 1,
       value jsonb NOT NULL,
       updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
     )`,
  ];
}
