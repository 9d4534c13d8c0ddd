import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './ports.ts';
import { AppProcess } from './process.ts';
import { answersOk, Ends, type OperatorCredential, startStores, type Suite, type SuiteOptions } from './suite.ts';

/**
 * Authority in one process, as `npm start` runs it, on a database of its own; every message also takes the way over the
 * wire format.
 */
export async function startOneProcess(options: SuiteOptions = {}): Promise<Suite> {
  const ends = new Ends();
  return ends.around(() => start(options, ends));
}

async function start(options: SuiteOptions, ends: Ends): Promise<Suite> {
  const { databaseUrl, redis } = await startStores(options, ends);
  const dataDir = mkdtempSync(join(tmpdir(), 'authority-one-'));
  ends.add(() => rmSync(dataDir, { recursive: true, force: true }));
  const [http, admin, metrics] = await freePorts(3);
  const issuer = options.env?.['AUTHORITY_ISSUER'] ?? `http://localhost:${http}`;
  const process = new AppProcess('standalone', [], {
    AUTHORITY_ISSUER: issuer,
    AUTHORITY_HTTP_LISTEN: `127.0.0.1:${http}`,
    AUTHORITY_ADMIN_LISTEN: `127.0.0.1:${admin}`,
    AUTHORITY_METRICS_LISTEN: `127.0.0.1:${metrics}`,
    AUTHORITY_DATABASE_URL: databaseUrl,
    AUTHORITY_DATA_DIR: dataDir,
    AUTHORITY_LOG_LEVEL: 'info',
    AUTHORITY_DIRECT_TRANSPORT: 'encoded',
    ...(redis && { AUTHORITY_REDIS_URL: redis.url }),
    ...options.env,
  });
  ends.add(() => process.end());
  const metricsUrl = `http://127.0.0.1:${metrics}`;
  const ready = (timeoutMs = 30_000): Promise<void> => answersOk(`${metricsUrl}/health/ready`, timeoutMs, process);
  await ready();
  return {
    ...{ mode: 'one', issuer, databaseUrl, redis, dataDir, ready },
    adminAddress: `127.0.0.1:${admin}`,
    operator: JSON.parse(readFileSync(join(dataDir, 'operator.json'), 'utf8')) as OperatorCredential, // written by first start
    processes: new Map([['standalone', process]]),
    metrics: new Map([['standalone', metricsUrl]]),
    process: () => process,
    output: () => process.output,
    stop: () => ends.all(),
  };
}
