import { migrateAdmin } from '@authority/app-admin';
import { migrateIdentity } from '@authority/app-identity';
import { migrateSession } from '@authority/app-session';
import { ensureOperator, migrateToken } from '@authority/app-token';
import type { StandaloneConfig } from './config.ts';
import type { DataFolder } from './data-folder.ts';
import { operatorSecret } from './operator-file.ts';
import { systemSecretsOf } from './secrets.ts';
import { type Owner, owners, type Stores } from './stores.ts';

/** Brings every service's schema up to date, makes the first keys and the operator; nothing to do at a later start. */
export async function migrateAll(config: StandaloneConfig, folder: DataFolder, stores: Stores): Promise<void> {
  const secrets = systemSecretsOf(folder, 'token', config.secrets);
  const steps: Record<Owner, (urls: { ownerUrl: string; serviceUrl: string }) => Promise<unknown>> = {
    token: (urls) => migrateToken({ ...urls, secrets }),
    session: migrateSession,
    identity: (urls) => migrateIdentity({ ...urls, secrets: systemSecretsOf(folder, 'identity', config.secrets) }),
    admin: migrateAdmin,
  };
  for (const owner of owners) await steps[owner]({ ownerUrl: stores.ownerUrl, serviceUrl: stores.urlOf(owner) });
  await ensureOperator({ databaseUrl: stores.urlOf('token'), secrets, issuer: config.issuer, secret: operatorSecret(folder) });
}
