import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateFiles, ensureCertificates, type ServiceName, serviceNames } from '@authority/rpc';
import { testPostgres } from '../postgres.ts';
import { testRedis } from '../redis.ts';
import { freePorts } from './ports.ts';
import { AppProcess } from './process.ts';
import { answersOk, type OperatorCredential, type Suite, type SuiteOptions } from './suite.ts';

const owners = ['token', 'session', 'identity', 'admin'] as const;

/** Authority in five processes over gRPC with mutual TLS, as a cluster runs it: migrations first, each with its own role. */
export async function startFiveProcesses(options: SuiteOptions = {}): Promise<Suite> {
  const postgres = await testPostgres();
  const redis = options.redis ? await testRedis() : undefined;
  const dataDir = mkdtempSync(join(tmpdir(), 'authority-five-'));
  const tls = join(dataDir, 'tls');
  await ensureCertificates(tls);
  const replicas = replicaNames(options.tokenReplicas ?? 1);
  const ports = await freePorts(2 + replicas.length * 2);
  const [http = 0, admin = 0] = ports;
  const rpcPorts = new Map(replicas.map((name, index) => [name, ports[2 + index * 2] ?? 0]));
  const metricsPorts = new Map(replicas.map((name, index) => [name, ports[3 + index * 2] ?? 0]));
  const issuer = options.env?.['AUTHORITY_ISSUER'] ?? `http://localhost:${http}`;
  const databaseUrl = await postgres.newDatabase();
  const operator: OperatorCredential = { issuer, client_id: 'c_operator', client_secret: randomBytes(32).toString('base64url') };
  const operatorSecret = join(dataDir, 'operator-secret');
  writeFileSync(operatorSecret, `${operator.client_secret}\n`, { mode: 0o600 });
  writeFileSync(join(dataDir, 'operator.json'), JSON.stringify({ ...operator, admin_address: `127.0.0.1:${admin}` }), { mode: 0o600 });

  const addressOf = (service: string): string =>
    replicas
      .filter((name) => serviceOf(name) === service)
      .map((name) => `127.0.0.1:${rpcPorts.get(name)}`)
      .join(',');
  const secrets = new Map(owners.map((owner) => [owner as string, randomBytes(32).toString('hex')]));
  const envOf = (name: string): NodeJS.ProcessEnv => {
    const service = serviceOf(name);
    const files = certificateFiles(tls, service);
    return {
      AUTHORITY_ISSUER: issuer,
      AUTHORITY_LOG_LEVEL: 'info',
      AUTHORITY_METRICS_LISTEN: `127.0.0.1:${metricsPorts.get(name)}`,
      AUTHORITY_RPC_CERT_FILE: files.cert,
      AUTHORITY_RPC_KEY_FILE: files.key,
      AUTHORITY_RPC_CA_FILE: files.ca,
      AUTHORITY_TOKEN_ADDRESS: addressOf('token'),
      AUTHORITY_SESSION_ADDRESS: addressOf('session'),
      AUTHORITY_IDENTITY_ADDRESS: addressOf('identity'),
      ...(service !== 'gateway' && { AUTHORITY_DATABASE_URL: postgres.serviceUrl(databaseUrl, service) }),
      ...(service !== 'gateway' && { AUTHORITY_SECRETS: secrets.get(service) }),
      ...(service !== 'gateway' && service !== 'admin' && { AUTHORITY_RPC_LISTEN: `127.0.0.1:${rpcPorts.get(name)}` }),
      ...(service === 'gateway' && { AUTHORITY_HTTP_LISTEN: `127.0.0.1:${http}` }),
      ...(service === 'admin' && { AUTHORITY_ADMIN_LISTEN: `127.0.0.1:${admin}` }),
      ...(service === 'token' && { AUTHORITY_OPERATOR_SECRET_FILE: operatorSecret }),
      ...(redis && service !== 'gateway' && { AUTHORITY_REDIS_URL: redis.url }),
      ...options.env,
    };
  };
  for (const owner of owners) {
    const migration = new AppProcess(owner, ['migrate'], { ...envOf(owner), AUTHORITY_MIGRATION_DATABASE_URL: databaseUrl });
    if ((await migration.ended()) !== 0) throw new Error(`${owner} migrate failed:\n${migration.output}`);
  }
  const processes = new Map(replicas.map((name) => [name, new AppProcess(serviceOf(name), [], envOf(name))]));
  const metrics = new Map(replicas.map((name) => [name, `http://127.0.0.1:${metricsPorts.get(name)}`]));
  const output = (): string => [...processes.values()].map((process) => process.output).join('\n');
  const ready = async (timeoutMs = 30_000): Promise<void> => {
    await Promise.all(
      [...metrics].map(([name, url]) => answersOk(`${url}/health/ready`, timeoutMs, () => processes.get(name)?.output ?? '')),
    );
  };
  const stop = async (): Promise<void> => {
    await Promise.all([...processes.values()].map((process) => process.end()));
    await redis?.stop();
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await ready();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    mode: 'five',
    issuer,
    adminAddress: `127.0.0.1:${admin}`,
    operator,
    databaseUrl,
    redis,
    dataDir,
    processes,
    metrics,
    process(name) {
      const process = processes.get(name);
      if (!process) throw new Error(`there is no process ${name}`);
      return process;
    },
    output,
    ready,
    stop,
  };
}

function replicaNames(tokens: number): string[] {
  const extra = Array.from({ length: tokens - 1 }, (_, index) => `token-${index + 2}`);
  return [...serviceNames, ...extra];
}

function serviceOf(name: string): ServiceName {
  const service = serviceNames.find((known) => name === known || name.startsWith(`${known}-`));
  if (!service) throw new Error(`there is no service ${name}`);
  return service;
}
