import { ringSize, ringTable } from '../slots.ts';

/** Eight slots of eight days hold all members of indexes: what lies in one is at most 31 days old. */
export const indexSlots = 8;
export const indexSlotMs = 8 * 24 * 3_600_000;

/**
 * The statements of a migration that make the tables of ephemeral state in the service's schema. Only the epoch is
 * logged; whether the service uses Redis or not, the epoch is kept here. The rings are made once and for all, so that
 * the service's role needs no right to make tables.
 */
export function ephemeralTables(): string[] {
  const rings = (['h', 'd'] as const).flatMap((unit) => Array.from({ length: ringSize[unit] }, (_, place) => ringTable(unit, place)));
  return [
    `CREATE TABLE ephemeral_epoch (
       one boolean PRIMARY KEY DEFAULT true CHECK (one), epoch text NOT NULL, started_at bigint NOT NULL, beat bigint NOT NULL, store text)`,
    // No store yet: the first epoch has nothing before it that could be replayed.
    "INSERT INTO ephemeral_epoch (epoch, started_at, beat) VALUES ('', 0, 0)",
    'CREATE UNLOGGED TABLE ephemeral_state (one boolean PRIMARY KEY DEFAULT true CHECK (one), epoch text NOT NULL, beat bigint NOT NULL)',
    ...rings.map(
      (table) => `CREATE UNLOGGED TABLE ${table} (
        name text COLLATE "C" PRIMARY KEY, value text, count bigint, expires_at timestamptz NOT NULL) WITH (fillfactor = 80)`,
    ),
    `CREATE TABLE ephemeral_index (
       slot int NOT NULL, name text COLLATE "C" NOT NULL, member text COLLATE "C" NOT NULL, expires_at timestamptz NOT NULL,
       PRIMARY KEY (name, member, slot)) PARTITION BY LIST (slot)`,
    ...Array.from(
      { length: indexSlots },
      (_, slot) => `CREATE UNLOGGED TABLE ephemeral_index_${slot} PARTITION OF ephemeral_index FOR VALUES IN (${slot})`,
    ),
  ];
}
