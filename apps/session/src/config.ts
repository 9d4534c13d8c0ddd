import { address, databaseFaults, issuerSetting, type Listen, processSettings, read, rpcSettings, storeSettings } from '@authority/config';
import type { ServiceName, TlsFiles } from '@authority/rpc';

const { rpcListen, rpcCert, rpcKey, rpcCa } = rpcSettings;

/** What a process of its own reads. */
export const sessionProcessSettings = {
  issuer: issuerSetting,
  ...processSettings,
  ...storeSettings,
  ...{ rpcListen, rpcCert, rpcKey, rpcCa },
  identityAddress: address().doc('Where the identity service is.'),
} as const;

/** What `startSession` needs. */
export interface SessionConfig {
  /** Tells whether the server is public: some settings are refused then. */
  readonly issuer: string;
  /** The role of this service. */
  readonly databaseUrl: string;
  /** Unset: short-lived state in PostgreSQL. */
  readonly redisUrl?: string;
}

/** What its process needs besides. */
export interface SessionProcessConfig {
  readonly session: SessionConfig;
  readonly listen: Listen;
  readonly metricsListen: Listen;
  readonly tls: TlsFiles;
  readonly addresses: Partial<Record<ServiceName, string>>;
}

/** Reads the environment of a process of its own; throws a ConfigFault that names all that is wrong. */
export function sessionConfig(env: NodeJS.ProcessEnv): SessionProcessConfig {
  const settings = read(sessionProcessSettings, env, { check: databaseFaults });
  const { issuer, databaseUrl = '', redisUrl } = settings;
  return {
    session: { issuer, databaseUrl, ...(redisUrl === undefined ? {} : { redisUrl }) },
    listen: settings.rpcListen,
    metricsListen: settings.metricsListen,
    tls: { cert: settings.rpcCert.path, key: settings.rpcKey.path, ca: settings.rpcCa.path },
    addresses: { identity: settings.identityAddress },
  };
}
