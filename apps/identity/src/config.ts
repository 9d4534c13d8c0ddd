import { join } from 'node:path';
import {
  dataDir,
  databaseFaults,
  issuerSetting,
  type Listen,
  migrationUrls,
  outboundSettings,
  processSettings,
  read,
  rpcSettings,
  storeSettings,
  systemSecrets,
} from '@authority/config';
import type { TlsFiles } from '@authority/rpc';
import { type MailServer, mailUrl } from './mails/transports/mail-url.ts';

const { rpcListen, rpcCert, rpcKey, rpcCa } = rpcSettings;

/** Where mails go. */
export const mailProcessSettings = { mailUrl } as const;

/** What a process of its own reads. */
export const identityProcessSettings = {
  issuer: issuerSetting,
  ...processSettings,
  ...storeSettings,
  ...mailProcessSettings,
  ...outboundSettings,
  dataDir,
  ...{ rpcListen, rpcCert, rpcKey, rpcCa, secrets: systemSecrets },
} as const;

/** What `migrate` reads: it runs without certificates. */
const identityMigrateSettings = {
  databaseUrl: identityProcessSettings.databaseUrl,
  migrationDatabaseUrl: identityProcessSettings.migrationDatabaseUrl,
  secrets: identityProcessSettings.secrets,
} as const;

/** What `startIdentity` needs. */
export interface IdentityConfig {
  /** Tells whether the server is public: some settings are refused then. */
  readonly issuer: string;
  /** The role of this service. */
  readonly databaseUrl: string;
  /** Unset: short-lived state in PostgreSQL. */
  readonly redisUrl?: string;
  /** System secrets, newest first. */
  readonly secrets: readonly Uint8Array[];
  /** Unset: mails are written into `mailDir`. */
  readonly mailServer?: MailServer;
  readonly mailDir: string;
  /** Hosts and networks that outbound requests may reach although they are private. */
  readonly outboundAllow?: readonly string[];
  readonly egressProxy?: string;
  /** Hashes at a time; the cores when left out. */
  readonly passwordWorkers?: number;
}

/** What its process needs besides. */
export interface IdentityProcessConfig {
  readonly identity: IdentityConfig;
  readonly listen: Listen;
  readonly metricsListen: Listen;
  readonly tls: TlsFiles;
}

/** Reads the environment of a process of its own; throws a ConfigFault that names all that is wrong. */
export function identityConfig(env: NodeJS.ProcessEnv): IdentityProcessConfig {
  const settings = read(identityProcessSettings, env, { check: databaseFaults });
  const { issuer, databaseUrl = '', redisUrl, secrets, mailUrl: mailServer, outboundAllow, egressProxy } = settings;
  return {
    identity: {
      issuer,
      databaseUrl,
      secrets,
      ...(redisUrl === undefined ? {} : { redisUrl }),
      ...(mailServer === undefined ? {} : { mailServer }),
      mailDir: join(settings.dataDir, 'mail'),
      outboundAllow,
      ...(egressProxy === undefined ? {} : { egressProxy }),
    },
    listen: settings.rpcListen,
    metricsListen: settings.metricsListen,
    tls: { cert: settings.rpcCert.path, key: settings.rpcKey.path, ca: settings.rpcCa.path },
  };
}

export interface IdentityMigrateConfig {
  readonly ownerUrl: string;
  readonly serviceUrl?: string;
  /** System secrets, newest first. */
  readonly secrets: readonly Uint8Array[];
}

/** Reads the environment of `main.js migrate`. */
export function identityMigrateConfig(env: NodeJS.ProcessEnv): IdentityMigrateConfig {
  const { secrets } = read(identityMigrateSettings, env, { check: databaseFaults });
  return { ...migrationUrls(env), secrets };
}
