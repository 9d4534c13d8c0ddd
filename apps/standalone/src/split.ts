import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { certificateFiles, ensureCertificates, type ServiceName, serviceNames } from '@authority/rpc';
import { Child } from './child.ts';
import type { StandaloneConfig } from './config.ts';
import type { DataFolder } from './data-folder.ts';
import { operatorSecret } from './operator-file.ts';
import { keptSecret } from './secrets.ts';
import type { Stores } from './stores.ts';
import type { Suite } from './suite.ts';

const READY_MS = 60_000;

/** The five services as processes, over gRPC with mutual TLS; each is started again when it dies. */
export async function startSplit(config: StandaloneConfig, folder: DataFolder, stores: Stores, env: NodeJS.ProcessEnv): Promise<Suite> {
  await ensureCertificates(folder.tls);
  operatorSecret(folder);
  const ports = await freePorts(serviceNames.length * 2);
  const rpc = new Map(serviceNames.map((service, index) => [service, ports[index * 2] ?? 0]));
  const metrics = new Map(serviceNames.map((service, index) => [service, ports[index * 2 + 1] ?? 0]));
  metrics.set('gateway', config.metricsListen.port);
  const environment = (service: ServiceName): NodeJS.ProcessEnv => ({
    ...env,
    ...networkOf(service, rpc, metrics, folder),
    ...storesOf(service, stores, folder, config),
  });
  const children = serviceNames.map((service) => new Child(folder, service, bundleOf(service), environment(service)));
  for (const child of children) await child.start();
  const stop = async (): Promise<void> => {
    await Promise.all(children.map((child) => child.stop()));
  };
  const ready = (): Promise<boolean> => allReady([...metrics.values()]);
  if (!(await within(READY_MS, ready))) {
    await stop();
    throw new Error(`not every service became ready within ${READY_MS / 1000} s; their logs above say why`);
  }
  return { stop };
}

function networkOf(
  service: ServiceName,
  rpc: ReadonlyMap<ServiceName, number>,
  metrics: ReadonlyMap<ServiceName, number>,
  folder: DataFolder,
): NodeJS.ProcessEnv {
  const { cert, key, ca } = certificateFiles(folder.tls, service);
  return {
    AUTHORITY_RPC_LISTEN: `127.0.0.1:${rpc.get(service)}`,
    AUTHORITY_TOKEN_ADDRESS: `127.0.0.1:${rpc.get('token')}`,
    AUTHORITY_SESSION_ADDRESS: `127.0.0.1:${rpc.get('session')}`,
    AUTHORITY_IDENTITY_ADDRESS: `127.0.0.1:${rpc.get('identity')}`,
    AUTHORITY_RPC_CERT_FILE: cert,
    AUTHORITY_RPC_KEY_FILE: key,
    AUTHORITY_RPC_CA_FILE: ca,
    AUTHORITY_METRICS_LISTEN: `127.0.0.1:${metrics.get(service)}`,
  };
}

function storesOf(service: ServiceName, stores: Stores, folder: DataFolder, config: StandaloneConfig): NodeJS.ProcessEnv {
  // The edge holds nothing worth taking: no store, no secret (house.md).
  if (service === 'gateway')
    return without('DATABASE_URL', 'MIGRATION_DATABASE_URL', 'REDIS_URL', 'SECRETS', 'OPERATOR_SECRET', 'MAIL_URL');
  return {
    ...without('DATABASE_URL', 'MIGRATION_DATABASE_URL'),
    // Only identity sends mails.
    ...(service !== 'identity' && without('MAIL_URL')),
    AUTHORITY_DATABASE_URL: stores.urlOf(service),
    ...(hasKeys(service) ? config.secrets === undefined && { AUTHORITY_SECRETS: keptSecret(folder, service) } : without('SECRETS')),
    // Token makes the operator's client.
    ...(service !== 'token' && without('OPERATOR_SECRET')),
    ...(service === 'token' && { AUTHORITY_OPERATOR_SECRET_FILE: folder.secret('operator') }),
  };
}

/** Who has keys to wrap: no other is given a system secret. */
const hasKeys = (service: ServiceName): boolean => service === 'token' || service === 'identity';

/** Variables that a child does not inherit, by value or by file. */
function without(...names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => [`AUTHORITY_${name}`, `AUTHORITY_${name}_FILE`]).map((name) => [name, undefined]));
}

/** dist/apps/<service>/main.js, beside our own. */
function bundleOf(service: ServiceName): string {
  return fileURLToPath(new URL(`../${service}/main.js`, import.meta.url));
}

async function allReady(ports: readonly number[]): Promise<boolean> {
  const answers = await Promise.all(
    ports.map(async (port) => {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(1_000) });
        return response.ok;
      } catch {
        return false;
      }
    }),
  );
  return answers.every(Boolean);
}

export async function within(milliseconds: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (Date.now() < deadline) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
