import { isIP } from 'node:net';
import { address, choice, file, list, listen, path, secretUrl } from './kinds.ts';
import { Refusal } from './setting.ts';

/** Settings that several services read. Each is spread into a service's own spec: `{ ...rpcSettings, ... }`. */

/** Mutual TLS between the services; no plaintext mode. */
export const rpcSettings = {
  rpcListen: listen().default('127.0.0.1:9000').doc('Where the other services reach this one (gRPC over mutual TLS).'),
  tokenAddress: address().optional().doc('Where the token service is.'),
  sessionAddress: address().optional().doc('Where the session service is.'),
  identityAddress: address().optional().doc('Where the identity service is.'),
  rpcCert: file().named('AUTHORITY_RPC_CERT_FILE').doc("This service's certificate chain (PEM) for calls between the services."),
  rpcKey: file().named('AUTHORITY_RPC_KEY_FILE').doc("The certificate's private key (PEM)."),
  rpcCa: file().named('AUTHORITY_RPC_CA_FILE').doc('The authority that signs the certificates of the services (PEM).'),
} as const;

/** What every process has. */
export const processSettings = {
  metricsListen: listen().default('127.0.0.1:9464').doc('Plain HTTP for /metrics, /health/live and /health/ready.'),
  logLevel: choice(['debug', 'info', 'warn', 'error']).default('info').doc('The lowest level that is logged.'),
} as const;

export const storeSettings = {
  databaseUrl: secretUrl(['postgres', 'postgresql'])
    .optional()
    .doc('PostgreSQL. In a cluster the role of this service; in standalone and --split the owner. Unset: an embedded one.'),
  migrationDatabaseUrl: secretUrl(['postgres', 'postgresql']).optional().doc('PostgreSQL as the owner of the schemas, for `migrate` only.'),
  redisUrl: secretUrl(['redis', 'rediss'])
    .optional()
    .doc('Redis for short-lived state. Unset: PostgreSQL holds it. Its eviction policy must be noeviction.'),
} as const;

export const dataDir = path().default('.authority').doc('The folder of what is kept on this machine.');

/** As libs/outbound reads it (`parseAllowList`), told here with the other faults. */
function allowEntry(entry: string): string {
  const network = /^\[?([0-9A-Fa-f:.]+)\]?\/(\d{1,3})$/.exec(entry);
  const family = isIP(network?.[1] ?? '');
  if (network !== null && family !== 0 && Number(network[2]) <= (family === 4 ? 32 : 128)) return entry;
  if (isIP(entry) !== 0) return entry;

  const host = /^(?:\[([0-9A-Fa-f:.]+)\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(entry);
  const port = Number(host?.[2] ?? 1);
  if (host !== null && (host[1] === undefined || isIP(host[1]) === 6) && port >= 1 && port <= 65_535) return entry;
  throw new Refusal('must hold hosts, host:port or networks such as 10.0.0.0/8');
}

export const outboundSettings = {
  egressProxy: secretUrl(['http', 'https'])
    .optional()
    .doc('A proxy (CONNECT) for all outbound requests; it may hold a user name and password. It is asked for addresses, not names.'),
  outboundAllow: list(allowEntry)
    .default('')
    .doc(
      'Hosts, networks or host:port that outbound requests may reach although they are private. None by default. Their CA: NODE_EXTRA_CA_CERTS.',
    ),
} as const;

/** Every variable of the contract, so that a service does not call a neighbour's setting unknown. */
export const contractVariables: readonly string[] = [
  ...['ISSUER', 'HTTP_LISTEN', 'ADMIN_LISTEN', 'METRICS_LISTEN', 'DATABASE_URL', 'REDIS_URL', 'DATA_DIR', 'SECRETS'],
  ...['RPC_LISTEN', 'TOKEN_ADDRESS', 'SESSION_ADDRESS', 'IDENTITY_ADDRESS', 'RPC_CERT_FILE', 'RPC_KEY_FILE', 'RPC_CA_FILE'],
  ...[
    'TLS_CERT_FILE',
    'TLS_KEY_FILE',
    'TLS_CLIENT_CA_FILE',
    'TLS_CLIENT_CERTIFICATES',
    'CLIENT_CERTIFICATE_HEADER',
    'MTLS_ORIGIN',
    'TRUSTED_PROXIES',
    'MIGRATION_DATABASE_URL',
    'UI_URL',
  ],
  ...['EGRESS_PROXY', 'OUTBOUND_ALLOW', 'OPERATOR_SECRET_FILE', 'MAIL_URL', 'REGISTRATION', 'LOG_LEVEL'],
  ...['ADMIN_CERT_FILE', 'ADMIN_KEY_FILE', 'ADMIN_CLIENT_CA_FILE'],
  ...[
    'SECRETS_FILE',
    'DATABASE_URL_FILE',
    'MIGRATION_DATABASE_URL_FILE',
    'REDIS_URL_FILE',
    'MAIL_URL_FILE',
    'OPERATOR_SECRET',
    'EGRESS_PROXY_FILE',
  ],
].map((name) => `AUTHORITY_${name}`);
