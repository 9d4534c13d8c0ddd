import pg from 'pg';
import type { DataSource, EntitySchema, Logger } from 'typeorm';
import { type ConnectionOptions, clientConfig } from './connection-settings.ts';

/** Whoever calls hears of a failure; TypeORM's own lines would be a second log on stdout. */
export const silence: Logger = { logQuery() {}, logQueryError() {}, logQuerySlow() {}, logSchemaBuild() {}, logMigration() {}, log() {} };

/**
 * TypeORM for cold paths. Loaded when it is first needed: it costs memory and a tenth of a second that a process without
 * admin calls need not pay.
 */
export async function connectOrm(connection: ConnectionOptions, entities: readonly EntitySchema[]): Promise<DataSource> {
  const { DataSource } = await import('typeorm');
  const { connectionString: _, ...extra } = clientConfig(connection);
  const source = new DataSource({
    type: 'postgres',
    driver: pg,
    url: connection.url,
    schema: connection.service,
    entities: [...entities],
    connectTimeoutMS: 800,
    poolErrorHandler: () => {}, // an idle connection broke: the pool has let go of it already
    extra: { ...extra, max: 4, idleTimeoutMillis: 10_000 },
    synchronize: false,
    installExtensions: false,
    logger: silence,
  });
  return source.initialize();
}
