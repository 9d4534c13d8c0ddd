import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testPostgres } from '../postgres.ts';
import { testRedis } from '../redis.ts';
import { freePorts } from './ports.ts';
import { AppProcess } from './process.ts';
import { answersOk, type OperatorCredential, type Suite, type SuiteOptions } from './suite.ts';

/**
 * Authority in one process, as `npm start` runs it, on a database of its own; every message also takes the way over the
 * wire format.
 */
export async function startOneProcess(options: SuiteOptions = {}): Promise<Suite> {
  const postgres = await testPostgres();
  const redis = options.redis ? await testRedis() : undefined;
  const dataDir = mkdtempSync(join(tmpdir(), 'authority-one-'));
  const [http, admin, metrics] = await freePorts(3);
  const issuer = options.env?.['AUTHORITY_ISSUER'] ?? `http://localhost:${http}`;
  const databaseUrl = await postgres.newDatabase();
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
  const metricsUrl = `http://127.0.0.1:${metrics}`;
  const ready = (timeoutMs = 30_000): Promise<void> => answersOk(`${metricsUrl}/health/ready`, timeoutMs, () => process.output);
  const stop = async (): Promise<void> => {
    await process.end();
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
    mode: 'one',
    issuer,
    adminAddress: `127.0.0.1:${admin}`,
    operator: JSON.parse(readFileSync(join(dataDir, 'operator.json'), 'utf8')) as OperatorCredential, // written by first start
    databaseUrl,
    redis,
    dataDir,
    processes: new Map([['standalone', process]]),
    metrics: new Map([['standalone', metricsUrl]]),
    process: () => process,
    output: () => process.output,
    ready,
    stop,
  };
}
