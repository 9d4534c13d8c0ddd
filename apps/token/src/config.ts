import {
  address,
  choice,
  databaseFaults,
  hostAndPort,
  issuerSetting,
  type Listen,
  mtlsOriginSetting,
  outboundSettings,
  processSettings,
  read,
  rpcSettings,
  secret,
  type Settings,
  storeSettings,
  systemSecrets,
} from '@authority/config';
import type { RegistrationMode } from '@authority/protocol';
import type { ServiceName, TlsFiles } from '@authority/rpc';

/** Environment only, never a row: whether strangers may register is for who runs the process to say (contract.md). */
const registration = choice(['token', 'open', 'off'])
  .default('token')
  .doc('Dynamic client registration: with an initial access token, open to everybody, or off.');

/** What both a process of its own and standalone read. */
export const tokenSettings = { issuer: issuerSetting, mtlsOrigin: mtlsOriginSetting, registration, ...outboundSettings } as const;

const { rpcListen, rpcCert, rpcKey, rpcCa } = rpcSettings;

/** What a process of its own reads besides. */
export const tokenProcessSettings = {
  ...tokenSettings,
  ...processSettings,
  ...storeSettings,
  ...{ rpcListen, rpcCert, rpcKey, rpcCa, secrets: systemSecrets },
  sessionAddress: address().doc('Where the session service is.'),
  identityAddress: address().doc('Where the identity service is.'),
  operatorSecret: secret().optional().doc('The secret of the first operator client, `c_operator`, which is registered when it is set.'),
} as const;

/** What `migrate` reads: it runs without peers and without certificates. */
export const tokenMigrateSettings = {
  issuer: tokenProcessSettings.issuer,
  databaseUrl: tokenProcessSettings.databaseUrl,
  migrationDatabaseUrl: tokenProcessSettings.migrationDatabaseUrl,
  secrets: tokenProcessSettings.secrets,
  operatorSecret: tokenProcessSettings.operatorSecret,
} as const;

/** What `startToken` needs. */
export interface TokenConfig {
  readonly issuer: string;
  /** Where clients with certificates call (RFC 8705 §5). */
  readonly mtlsOrigin?: string;
  /** The role of this service. */
  readonly databaseUrl: string;
  /** Unset: PostgreSQL holds short-lived state. */
  readonly redisUrl?: string;
  /** System secrets, newest first. */
  readonly secrets: readonly Uint8Array[];
  readonly registration: RegistrationMode;
  readonly outboundAllow: readonly string[];
  readonly egressProxy?: string;
  /** Registers the first operator in a cluster. */
  readonly operatorSecret?: string;
}

/** What its process needs besides. */
export interface TokenProcessConfig {
  readonly token: TokenConfig;
  readonly metricsListen: Listen;
  readonly rpcListen: string;
  readonly tls: TlsFiles;
  readonly addresses: Partial<Record<ServiceName, string>>;
}

export interface TokenMigrateConfig {
  readonly issuer: string;
  readonly ownerUrl: string;
  readonly serviceUrl?: string;
  readonly secrets: readonly Uint8Array[];
  readonly operatorSecret?: string;
}

/** The token service's part of settings that have been read; the caller adds the stores and the secrets. */
export function tokenConfigOf(
  settings: Settings<typeof tokenSettings>,
  stores: Pick<TokenConfig, 'databaseUrl' | 'redisUrl' | 'secrets'>,
): TokenConfig {
  const { issuer, outboundAllow, egressProxy, mtlsOrigin, registration } = settings;
  return { ...stores, issuer, outboundAllow, registration, ...(egressProxy && { egressProxy }), ...(mtlsOrigin && { mtlsOrigin }) };
}

/** Reads the environment of a process of its own; throws a ConfigFault that names all that is wrong. */
export function tokenConfig(env: NodeJS.ProcessEnv): TokenProcessConfig {
  const settings = read(tokenProcessSettings, env, { check: databaseFaults });
  const { databaseUrl = '', redisUrl, secrets, operatorSecret, rpcCert, rpcKey, rpcCa, metricsListen } = settings;
  const token = tokenConfigOf(settings, { databaseUrl, secrets, ...(redisUrl !== undefined && { redisUrl }) });
  return {
    token: operatorSecret === undefined ? token : { ...token, operatorSecret },
    metricsListen,
    rpcListen: hostAndPort(settings.rpcListen),
    tls: { cert: rpcCert.path, key: rpcKey.path, ca: rpcCa.path },
    addresses: { session: settings.sessionAddress, identity: settings.identityAddress },
  };
}

/** Reads the environment of `main.js migrate`. */
export function tokenMigrateConfig(env: NodeJS.ProcessEnv): TokenMigrateConfig {
  const {
    issuer,
    databaseUrl = '',
    migrationDatabaseUrl,
    secrets,
    operatorSecret,
  } = read(tokenMigrateSettings, env, {
    check: databaseFaults,
  });
  const urls = migrationDatabaseUrl ? { ownerUrl: migrationDatabaseUrl, serviceUrl: databaseUrl } : { ownerUrl: databaseUrl };
  return { issuer, ...urls, secrets, ...(operatorSecret !== undefined && { operatorSecret }) };
}
