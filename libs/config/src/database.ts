import { storeSettings } from './contract-settings.ts';
import { read } from './read.ts';

/** A fault unless there is a database: the check of every service that keeps rows. */
export const databaseFaults = ({ databaseUrl }: { databaseUrl: string | undefined }): string[] =>
  databaseUrl ? [] : ['AUTHORITY_DATABASE_URL: is required'];

/** What `main.js migrate` of a service needs: the owner's URL, and the service's own where it is another. */
export function migrationUrls(env: NodeJS.ProcessEnv): { ownerUrl: string; serviceUrl?: string } {
  const { databaseUrl, migrationDatabaseUrl } = read(storeSettings, env, { check: databaseFaults });
  const serviceUrl = databaseUrl ?? '';
  return migrationDatabaseUrl === undefined ? { ownerUrl: serviceUrl } : { ownerUrl: migrationDatabaseUrl, serviceUrl };
}
