import { migration } from '@authority/postgres';

/** The most refused calls that are kept; then the oldest is written over. */
export const ringSize = 20_000;

/**
 * A ring: a row's place is its number modulo the size, so that the table has an end however many calls are refused, and
 * nothing has to be cleaned.
 */
export const migrations = [
  migration('RefusedCalls1767225600000', [
    'CREATE SEQUENCE refused_call_number AS bigint',
    `CREATE TABLE refused_call (
       slot integer PRIMARY KEY,
       version smallint NOT NULL DEFAULT 1,
       number bigint NOT NULL UNIQUE,
       at timestamptz NOT NULL DEFAULT clock_timestamp(),
       actor text NOT NULL,
       target text NOT NULL,
       address text NOT NULL,
       reason text NOT NULL,
       trace_id text NOT NULL
     ) WITH (fillfactor = 70)`,
    'CREATE INDEX refused_call_at ON refused_call (at, number)',
  ]),
];
