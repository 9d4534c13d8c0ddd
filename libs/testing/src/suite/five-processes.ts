import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateFiles, ensureCertificates, type ServiceName, serviceNames } from '@authority/rpc';
import { freePorts } from './ports.ts';
import { AppProcess } from './process.ts';
import { answersOk, Ends, type OperatorCredential, type Stores, startStores, type Suite, type SuiteOptions } from './suite.ts';

const owners = ['token', 'session', 'identity', 'admin'] as const;

/** Where everything of one suite is. */
interface Plan {
  readonly stores: Stores;
  readonly dataDir: string;
  readonly issuer: string;
  readonly http: string;
  readonly admin: string;
  /** By process: `token`, and `token-2` where there are two replicas. */
  readonly rpc: ReadonlyMap<string, string>;
  readonly metrics: ReadonlyMap<string, string>;
  readonly secrets: ReadonlyMap<string, string>;
  readonly more: Readonly<Record<string, string>>;
}

/** Authority in five processes over gRPC with mutual TLS, as a cluster runs it: migrations first, each with its own role. */
export async function startFiveProcesses(options: SuiteOptions = {}): Promise<Suite> {
  const ends = new Ends();
  return ends.around(() => start(options, ends));
}

async function start(options: SuiteOptions, ends: Ends): Promise<Suite> {
  const stores = await startStores(options, ends);
  const dataDir = mkdtempSync(join(tmpdir(), 'authority-five-'));
  ends.add(() => rmSync(dataDir, { recursive: true, force: true }));
  await ensureCertificates(join(dataDir, 'tls'));
  const plan = await planOf(options, stores, dataDir);
  const operator = writeOperator(plan);
  await migrate(plan);

  const processes = new Map([...plan.metrics.keys()].map((name) => [name, new AppProcess(serviceOf(name), [], environmentOf(plan, name))]));
  ends.add(() => Promise.all([...processes.values()].map((process) => process.end())));
  const metrics = new Map([...plan.metrics].map(([name, address]) => [name, `http://${address}`]));
  const process = (name: string): AppProcess => {
    const found = processes.get(name);
    if (!found) throw new Error(`there is no process ${name}`);
    return found;
  };
  const ready = async (timeoutMs = 30_000): Promise<void> => {
    await Promise.all([...metrics].map(([name, url]) => answersOk(`${url}/health/ready`, timeoutMs, process(name))));
  };
  await ready();
  return {
    ...{ mode: 'five', issuer: plan.issuer, adminAddress: plan.admin, operator, dataDir, processes, metrics, process, ready },
    ...{ databaseUrl: stores.databaseUrl, redis: stores.redis },
    output: () => [...processes.values()].map(({ output }) => output).join('\n'),
    stop: () => ends.all(),
  };
}

async function planOf({ tokenReplicas = 1, env = {} }: SuiteOptions, stores: Stores, dataDir: string): Promise<Plan> {
  const names: string[] = [...serviceNames, ...Array.from({ length: tokenReplicas - 1 }, (_, index) => `token-${index + 2}`)];
  const ports = await freePorts(2 + names.length * 2);
  const address = (index: number): string => `127.0.0.1:${ports[index] ?? 0}`;
  return {
    ...{ stores, dataDir, http: address(0), admin: address(1), more: env },
    issuer: env['AUTHORITY_ISSUER'] ?? `http://localhost:${ports[0]}`,
    rpc: new Map(names.map((name, index) => [name, address(2 + index * 2)])),
    metrics: new Map(names.map((name, index) => [name, address(3 + index * 2)])),
    secrets: new Map(owners.map((owner) => [owner as string, randomBytes(32).toString('hex')])),
  };
}

function writeOperator({ issuer, dataDir, admin }: Plan): OperatorCredential {
  const operator = { issuer, client_id: 'c_operator', client_secret: randomBytes(32).toString('base64url') };
  writeFileSync(join(dataDir, 'operator-secret'), `${operator.client_secret}\n`, { mode: 0o600 });
  writeFileSync(join(dataDir, 'operator.json'), JSON.stringify({ ...operator, admin_address: admin }), { mode: 0o600 });
  return operator;
}

async function migrate(plan: Plan): Promise<void> {
  for (const owner of owners) {
    const owns = { AUTHORITY_MIGRATION_DATABASE_URL: plan.stores.databaseUrl };
    const migration = new AppProcess(owner, ['migrate'], { ...environmentOf(plan, owner), ...owns });
    if ((await migration.ended()) !== 0) throw new Error(`${owner} migrate failed:\n${migration.output}`);
  }
}

/** Each process gets what its own config reads, and nothing else. */
function environmentOf(plan: Plan, name: string): NodeJS.ProcessEnv {
  const { stores, dataDir, issuer, http, admin, rpc, metrics, secrets, more } = plan;
  const service = serviceOf(name);
  const files = certificateFiles(join(dataDir, 'tls'), service);
  const addressOf = (peer: ServiceName): string =>
    [...rpc].flatMap(([other, address]) => (serviceOf(other) === peer ? [address] : [])).join(',');
  return {
    AUTHORITY_ISSUER: issuer,
    AUTHORITY_LOG_LEVEL: 'info',
    AUTHORITY_METRICS_LISTEN: metrics.get(name),
    AUTHORITY_RPC_CERT_FILE: files.cert,
    AUTHORITY_RPC_KEY_FILE: files.key,
    AUTHORITY_RPC_CA_FILE: files.ca,
    AUTHORITY_TOKEN_ADDRESS: addressOf('token'),
    AUTHORITY_SESSION_ADDRESS: addressOf('session'),
    AUTHORITY_IDENTITY_ADDRESS: addressOf('identity'),
    // Where there is no mail server mails are files there.
    ...(service === 'identity' && { AUTHORITY_DATA_DIR: dataDir }),
    ...(service !== 'gateway' && {
      AUTHORITY_DATABASE_URL: stores.postgres.serviceUrl(stores.databaseUrl, service),
      AUTHORITY_SECRETS: secrets.get(service),
      ...(stores.redis && { AUTHORITY_REDIS_URL: stores.redis.url }),
    }),
    ...(service !== 'gateway' && service !== 'admin' && { AUTHORITY_RPC_LISTEN: rpc.get(name) }),
    ...(service === 'gateway' && { AUTHORITY_HTTP_LISTEN: http }),
    ...(service === 'admin' && { AUTHORITY_ADMIN_LISTEN: admin }),
    ...(service === 'token' && { AUTHORITY_OPERATOR_SECRET_FILE: join(dataDir, 'operator-secret') }),
    ...more,
  };
}

function serviceOf(name: string): ServiceName {
  const service = serviceNames.find((known) => name === known || name.startsWith(`${known}-`));
  if (!service) throw new Error(`there is no service ${name}`);
  return service;
}
