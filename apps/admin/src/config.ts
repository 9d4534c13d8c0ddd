import {
  address,
  file,
  isLoopbackHost,
  issuerSetting,
  type Listen,
  listen,
  processSettings,
  read,
  rpcSettings,
  secretUrl,
  type Settings,
  storeSettings,
} from '@authority/config';
import type { ServiceName, TlsFiles } from '@authority/rpc';

/** The operators' door: what both a process of its own and standalone read. */
export const adminSettings = {
  issuer: issuerSetting,
  adminListen: listen()
    .default('127.0.0.1:9090')
    .doc('The operator API (gRPC). Plaintext on loopback only; elsewhere it needs the three files below.'),
  adminCert: file().optional().named('AUTHORITY_ADMIN_CERT_FILE').doc('Certificate chain of the operator API (PEM).'),
  adminKey: file().optional().named('AUTHORITY_ADMIN_KEY_FILE').doc("The certificate's private key (PEM)."),
  adminClientCa: file()
    .optional()
    .named('AUTHORITY_ADMIN_CLIENT_CA_FILE')
    .doc('The authority that signs the certificates of operators (PEM).'),
} as const;

const { rpcCert, rpcKey, rpcCa } = rpcSettings;
const { migrationDatabaseUrl } = storeSettings;

/** What a process of its own reads besides. */
export const adminProcessSettings = {
  ...adminSettings,
  ...processSettings,
  ...{ rpcCert, rpcKey, rpcCa, migrationDatabaseUrl },
  databaseUrl: secretUrl(['postgres', 'postgresql']).doc('PostgreSQL, as the role of this service.'),
  tokenAddress: address().doc('Where the token service is.'),
  sessionAddress: address().doc('Where the session service is.'),
  identityAddress: address().doc('Where the identity service is.'),
} as const;

/** What `startAdmin` needs. */
export interface AdminConfig {
  readonly issuer: string;
  readonly listen: Listen;
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer; readonly clientCa: Buffer };
  /** The role of this service. */
  readonly databaseUrl: string;
}

/** What its process needs besides. */
export interface AdminProcessConfig {
  readonly admin: AdminConfig;
  readonly metricsListen: Listen;
  readonly migrationDatabaseUrl: string | undefined;
  readonly tls: TlsFiles;
  readonly addresses: Partial<Record<ServiceName, string>>;
}

/** Faults of the door's settings together: mutual TLS is whole, and there wherever others can reach the door. */
export function adminFaults(settings: Settings<typeof adminSettings>): string[] {
  const files = { CERT: settings.adminCert, KEY: settings.adminKey, CLIENT_CA: settings.adminClientCa };
  const missing = Object.entries(files).flatMap(([name, value]) => (value ? [] : [`AUTHORITY_ADMIN_${name}_FILE`]));
  if (missing.length === 0) return [];
  const { host, port } = settings.adminListen;
  if (!isLoopbackHost(host)) {
    return missing.map((name) => `${name}: is required because AUTHORITY_ADMIN_LISTEN is not loopback (${host}:${port})`);
  }
  if (missing.length === 3) return [];
  return missing.map((name) => `${name}: is required with the other two of AUTHORITY_ADMIN_{CERT,KEY,CLIENT_CA}_FILE`);
}

/** The door's part of settings that have been read; the caller adds where the database is. */
export function adminConfigOf(settings: Settings<typeof adminSettings>, databaseUrl: string): AdminConfig {
  const { issuer, adminListen, adminCert, adminKey, adminClientCa } = settings;
  const config = { issuer, listen: adminListen, databaseUrl };
  if (!adminCert || !adminKey || !adminClientCa) return config;
  return { ...config, tls: { cert: adminCert.bytes, key: adminKey.bytes, clientCa: adminClientCa.bytes } };
}

/** Reads the environment of a process of its own; throws a ConfigFault that names all that is wrong. */
export function adminConfig(env: NodeJS.ProcessEnv): AdminProcessConfig {
  const settings = read(adminProcessSettings, env, { check: adminFaults });
  const { tokenAddress, sessionAddress, identityAddress, rpcCert, rpcKey, rpcCa } = settings;
  return {
    admin: adminConfigOf(settings, settings.databaseUrl),
    metricsListen: settings.metricsListen,
    migrationDatabaseUrl: settings.migrationDatabaseUrl,
    tls: { cert: rpcCert.path, key: rpcKey.path, ca: rpcCa.path },
    addresses: { token: tokenAddress, session: sessionAddress, identity: identityAddress },
  };
}
