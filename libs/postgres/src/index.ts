export { type CoalesceOptions, type GroupOptions, coalesce, coalesceByKey } from './coalesce.ts';
export { type Database, type Lease, type Queryable, type Statement, statement } from './database.ts';
export { type EmbeddedOptions, type EmbeddedPostgres, startEmbeddedPostgres } from './embedded/start.ts';
export { type MigrateOptions, migrate } from './migrate.ts';
export { type Migration, migration } from './migration.ts';
export { notify } from './notify.ts';
export { type OpenOptions, open } from './open.ts';
export { type PartitionUnit, dropPartitionsBefore, ensurePartitions, partitionNumber, partitionStart } from './partitions.ts';
export { assertStorable, isConnectionLost, toStoreError } from './store-error.ts';
