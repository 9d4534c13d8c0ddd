import { setTimeout as sleep } from 'node:timers/promises';
import { type TestPostgres, testPostgres } from '../postgres.ts';
import { type TestRedis, testRedis } from '../redis.ts';
import type { AppProcess } from './process.ts';

/** What first start writes for the operator (contract.md, "Operators"). */
export interface OperatorCredential {
  issuer: string;
  client_id: string;
  client_secret: string;
}

/** A running Authority, in one process or in five. */
export interface Suite {
  readonly mode: 'one' | 'five';
  readonly issuer: string;
  /** `host:port` of the operator API. */
  readonly adminAddress: string;
  readonly operator: OperatorCredential;
  /** The owner's URL of its database. */
  readonly databaseUrl: string;
  readonly redis: TestRedis | undefined;
  /** Its processes; `token` and `token-2` where there are two replicas. */
  readonly processes: ReadonlyMap<string, AppProcess>;
  /** Base URL of the metrics listener of each process. */
  readonly metrics: ReadonlyMap<string, string>;
  /** The folder with operator.json, for authorityctl. */
  readonly dataDir: string;
  process(name: string): AppProcess;
  /** Everything that all processes have printed. */
  output(): string;
  /** Waits until every process says that it is ready. */
  ready(timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

export interface SuiteOptions {
  redis?: boolean;
  /** Instead of one of the suite's own. */
  postgres?: TestPostgres;
  /** Replicas of the token service; only in five processes. */
  tokenReplicas?: number;
  env?: Readonly<Record<string, string>>;
}

/** What a suite has begun and must end, last begun first; also when its start fails half way. */
export class Ends {
  readonly #ends: (() => unknown)[] = [];

  add(end: () => unknown): void {
    this.#ends.unshift(end);
  }

  async all(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end();
  }

  /** Runs a start; what it had begun ends when it fails. */
  async around<T>(start: () => Promise<T>): Promise<T> {
    try {
      return await start();
    } catch (error) {
      await this.all();
      throw error;
    }
  }
}

export interface Stores {
  readonly postgres: TestPostgres;
  readonly redis: TestRedis | undefined;
  /** The owner's, of an empty database. */
  readonly databaseUrl: string;
}

export async function startStores(options: SuiteOptions, ends: Ends): Promise<Stores> {
  const postgres = options.postgres ?? (await testPostgres());
  if (!options.postgres) ends.add(() => postgres.stop());
  const redis = options.redis ? await testRedis() : undefined;
  if (redis) ends.add(() => redis.stop());
  return { postgres, redis, databaseUrl: await postgres.newDatabase() };
}

/** Waits until an address answers 200; fails at once when its process has ended, and says what the last answer was. */
export async function answersOk(url: string, timeoutMs: number, process: Pick<AppProcess, 'isRunning' | 'output'>): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let last = 'no answer';
  while (Date.now() < deadline && process.isRunning) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      const text = await response.text();
      if (response.status === 200) return;
      last = `${response.status} ${text}`;
    } catch (error) {
      last = String(error);
    }
    await sleep(50);
  }
  throw new Error(`${url} did not become ready: ${process.isRunning ? last : 'its process has ended'}\n${process.output}`);
}
