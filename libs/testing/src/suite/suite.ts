import { setTimeout as sleep } from 'node:timers/promises';
import type { TestRedis } from '../redis.ts';
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
  /** Replicas of the token service; only in five processes. */
  tokenReplicas?: number;
  env?: Readonly<Record<string, string>>;
}

/** Waits until an address answers 200; says what the last answer was when it does not. */
export async function answersOk(url: string, timeoutMs: number, describe: () => string): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let last = 'no answer';
  while (Date.now() < deadline) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      if (response.status === 200) return;
      last = `${response.status} ${await response.text()}`;
    } catch (error) {
      last = String(error);
    }
    await sleep(50);
  }
  throw new Error(`${url} did not become ready: ${last}\n${describe()}`);
}
