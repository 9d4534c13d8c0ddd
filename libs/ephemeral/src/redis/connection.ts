import { Redis } from 'ioredis';
import { type Stale, stale } from '../driver.ts';
import { unavailable } from '../epoch.ts';
import type { Script } from './scripts.ts';

/** A Redis that must not be used; the text says what to change. */
export class RedisRefused extends Error {}

export interface RedisConnection {
  run(script: Script, keys: string[], values: (string | number)[]): Promise<unknown | Stale>;
  /** Plain commands, for the epoch only: nothing else is written without asking for it. */
  getPair(first: string, second: string): Promise<[string | null, string | null]>;
  setPair(first: string, firstValue: string, second: string, secondValue: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * One connection. No queue while it is away, and nothing is sent again after a reconnect: `onReady` comes first, and
 * judges the store. Resolves after the first attempt; throws RedisRefused for a store that would forget by itself.
 */
export async function connectRedis(url: string, onReady: () => void, onAway: (error?: unknown) => void): Promise<RedisConnection> {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 700,
    commandTimeout: 700,
    retryStrategy: () => 200,
    // A failover made it a replica: the name leads to the new primary.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    keepAlive: 5000,
  });
  let refusal: RedisRefused | undefined;
  let last: unknown;
  redis.on('error', (error) => {
    last = error;
  });
  redis.on('close', () => onAway(refusal ?? last));
  redis.on('ready', () => {
    void assertNoEviction(redis).then(onReady, (error: unknown) => {
      if (error instanceof RedisRefused) refusal = error;
      onAway(error);
      redis.disconnect(true);
    });
  });
  await firstAttempt(redis, () => refusal);
  return connectionOf(redis);
}

async function firstAttempt(redis: Redis, refusal: () => RedisRefused | undefined): Promise<void> {
  try {
    await redis.connect();
    await assertNoEviction(redis);
  } catch (error) {
    const refused = refusal() ?? (error instanceof RedisRefused ? error : undefined);
    if (!refused) return; // away: it is tried again every 200 ms
    redis.disconnect();
    throw refused;
  }
}

/** INFO and not CONFIG, which hosted Redis often forbids. */
async function assertNoEviction(redis: Redis): Promise<void> {
  const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1];
  if (policy === 'noeviction') return;
  throw new RedisRefused(
    `Redis has the eviction policy ${policy ?? '(unknown)'}: it would forget what must not be forgotten. Set maxmemory-policy to noeviction.`,
  );
}

function connectionOf(redis: Redis): RedisConnection {
  const asked = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw toStoreError(error);
    }
  };
  return {
    run: async ({ lua, sha }, keys, values) => {
      try {
        return await redis.evalsha(sha, keys.length, ...keys, ...values);
      } catch (error) {
        const text = error instanceof Error ? error.message : '';
        if (text.includes('STALE')) return stale;
        if (!text.startsWith('NOSCRIPT')) throw toStoreError(error);
      }
      try {
        return await redis.eval(lua, keys.length, ...keys, ...values);
      } catch (error) {
        if (error instanceof Error && error.message.includes('STALE')) return stale;
        throw toStoreError(error);
      }
    },
    getPair: (first, second) =>
      asked(async () => {
        const [one = null, two = null] = await redis.mget(first, second);
        return [one, two];
      }),
    setPair: (first, firstValue, second, secondValue) =>
      asked(async () => {
        await redis.mset(first, firstValue, second, secondValue);
      }),
    close: () => {
      redis.disconnect();
      return Promise.resolve();
    },
  };
}

/** A wrong call is a fault of ours; everything else that Redis says is that it cannot serve now (OOM, MISCONF, away). */
function toStoreError(error: unknown): unknown {
  if (error instanceof Error && /^(ERR|WRONGTYPE)/.test(error.message)) return error;
  return unavailable('The store of short-lived state is away.', error);
}
