import { auditTables } from '@authority/audit';
import { ephemeralTables } from '@authority/ephemeral';
import { feedCursorTables, feedTables } from '@authority/feed';
import { type Migration, migration } from '@authority/postgres';
import { settingsTables } from '@authority/settings';

const endings = [
  // In partitions by the day of the session's absolute end: after it nothing asks for the row, and the day is dropped.
  `CREATE TABLE ended_sessions (
     sid text NOT NULL,
     day integer NOT NULL,
     version smallint NOT NULL DEFAULT 1,
     sub text NOT NULL,
     why text NOT NULL,
     ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (sid, day)
   ) PARTITION BY RANGE (day)`,
  // Sessions of the subject that began at or before this (ms) are over; one row a subject, and it does not expire.
  `CREATE TABLE subject_not_befores (
     sub text PRIMARY KEY,
     version smallint NOT NULL DEFAULT 1,
     not_before bigint NOT NULL
   )`,
];

export const sessionMigrations: readonly Migration[] = [
  migration('Endings1763900000000', endings),
  migration('OwnerTables1763900000001', [
    ...feedTables(),
    ...feedCursorTables(),
    ...auditTables(),
    ...settingsTables(),
    ...ephemeralTables(),
  ]),
];
