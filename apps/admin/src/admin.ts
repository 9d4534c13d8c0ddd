import { migrate, open, waitForSchema } from '@authority/postgres';
import { certificateName, type Runtime, serviceNames } from '@authority/rpc';
import { log } from '@authority/telemetry';
import manifest from '../package.json' with { type: 'json' };
import type { ClientCertificate } from './authenticate.ts';
import type { AdminConfig } from './config.ts';
import { openListener } from './listener/listener.ts';
import { introspectionOver } from './peers/introspection.ts';
import { ownersOver } from './peers/owners.ts';
import { migrations } from './postgres/migrations.ts';
import { PostgresRefusedCalls } from './postgres/refused-calls.ts';

export const { version } = manifest;

export interface Running {
  /** The port of the operator API. */
  readonly port: number;
  ready(): boolean;
  stop(): Promise<void>;
}

/** stores -> core -> door. It owns refused calls only; everything else is asked of the owners. */
export async function startAdmin({ config, runtime }: { config: AdminConfig; runtime: Runtime }): Promise<Running> {
  const database = await open({ url: config.databaseUrl, service: 'admin' });
  const refusedCalls = new PostgresRefusedCalls(database);
  // The store may be away later: the door then works and counts the refused calls that it could not write, because
  // operators are needed most when something is broken.
  const schema = waitForSchema(database, migrations.length);
  const ports = {
    issuer: config.issuer,
    introspect: introspectionOver(runtime),
    isService,
    owners: ownersOver(runtime),
    refusedCalls,
  };
  const listener = await openListener({ ...config, ports, version, ready: schema.reached }).catch(async (error: unknown) => {
    schema.stop();
    await database.close();
    throw error;
  });
  log.info('admin.listening', { host: config.listen.host, port: listener.port, tls: config.tls !== undefined });
  return {
    port: listener.port,
    ready: schema.reached,
    async stop() {
      schema.stop();
      await listener.close();
      await refusedCalls.stop();
      await database.close();
    },
  };
}

export async function migrateAdmin(urls: { ownerUrl: string; serviceUrl?: string }): Promise<{ applied: string[] }> {
  return migrate({ ...urls, service: 'admin', migrations });
}

/** A service's certificate names it below `authority.internal`; no operator has such a name. */
function isService({ subjectAltName }: ClientCertificate): boolean {
  const names = subjectAltName.split(',').map((name) => name.trim());
  return serviceNames.some((service) => names.includes(`DNS:${certificateName(service)}`));
}
