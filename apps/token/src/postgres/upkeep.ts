import type { Job } from '@authority/jobs';
import { type Queryable, statement } from '@authority/postgres';
import { gauge, log } from '@authority/telemetry';

const upkeep = statement('upkeep', 'SELECT parent, strays FROM upkeep($1)');
const upkeepDevices = statement('upkeep_devices', 'SELECT parent, strays FROM upkeep_devices()');

const strayRows = gauge('authority_partition_stray_rows', 'Rows whose partition was missing when they came.', ['table']);

/** Room for a lifetime that the operator raises before the next run. */
const spareDays = 14;
const dayMs = 86_400_000;

/**
 * Makes the partitions ahead and drops those that are past, by the owner's function: this role has no DDL. A row that found
 * no partition is in the default one, where nothing is lost and nothing is pruned; that is worth an alarm.
 */
async function keepPartitions(database: Queryable, grantLifetimeSeconds: number): Promise<void> {
  const days = Math.ceil((grantLifetimeSeconds * 1000) / dayMs) + spareDays;
  const rows = await database.query<{ parent: string; strays: number }>(upkeep, [days]);
  const deviceRows = await database.query<{ parent: string; strays: number }>(upkeepDevices, []);
  for (const { parent, strays } of [...rows, ...deviceRows]) {
    strayRows.set(strays, { table: parent });
    if (strays > 0) log.error('token.partition_missing', { table: parent, rows: strays });
  }
}

export function upkeepJob(grantLifetimeSeconds: () => number): Job {
  return {
    name: 'token.upkeep',
    everyMs: 10 * 60_000,
    run: (database) => keepPartitions(database, grantLifetimeSeconds()),
  };
}
