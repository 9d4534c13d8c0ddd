import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StatusError } from '@authority/errors';
import type { Database, Queryable } from '@authority/postgres';
import { log } from '@authority/telemetry';
import type { JobWithMetadata, PgBoss } from 'pg-boss';
import manifest from 'pg-boss/package.json' with { type: 'json' };
import type { AppendOptions, Handler, Outbox, Queue } from '../outbox.ts';
import { attempt } from './attempt.ts';
import { watchDepth } from './depth.ts';
import { createQueues, deadLettersOf } from './queues.ts';
import { sqlOf, sqlOver } from './sql.ts';
import type { Stored } from './stored.ts';

export interface OpenOutboxOptions {
  readonly database: Database;
  /** The owner: its schema holds the tables. */
  readonly service: string;
  readonly queues: readonly Queue<unknown>[];
  /** How often it looks for what is due where no notification came. */
  readonly pollSeconds?: number;
  /** How often it looks for attempts whose replica died, and for what is to be forgotten. */
  readonly superviseSeconds?: number;
}

/** Opens an outbox. Does not fail when the store is away or not migrated yet: it is ready when that has passed. */
export async function openOutbox(options: OpenOutboxOptions): Promise<Outbox> {
  const { PgBoss } = await import('pg-boss');
  const { superviseSeconds = 15 } = options;
  const boss = new PgBoss({
    db: sqlOver(options.database, manifest.pgboss.schema),
    schema: options.service,
    useListenNotify: true,
    superviseIntervalSeconds: superviseSeconds,
    monitorIntervalSeconds: superviseSeconds,
    maintenanceIntervalSeconds: Math.max(superviseSeconds, 60),
    flowIntervalSeconds: 3600,
    // The service's role may neither make nor change tables; schedules, flows and a registry of replicas are not used.
    ...{ migrate: false, createSchema: false, schedule: false, reindex: false, monitorVacuum: false, registerInstance: false },
    openTelemetry: { enabled: false },
  });
  boss.on('error', (error) => log.warn('outbox_error', { schema: options.service, error }));
  boss.on('warning', ({ message }) => log.warn('outbox_warning', { schema: options.service, message }));
  return new PostgresOutbox(boss, options);
}

class PostgresOutbox implements Outbox {
  readonly #boss: PgBoss;
  readonly #options: OpenOutboxOptions;
  readonly #workers: (() => Promise<void>)[] = [];
  readonly #started: Promise<void>;
  readonly #closing = new AbortController();
  #stopWatching = (): void => {};
  #isReady = false;

  constructor(boss: PgBoss, options: OpenOutboxOptions) {
    this.#boss = boss;
    this.#options = options;
    this.#started = this.#start();
  }

  /** Tries until the tables are there. */
  async #start(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#boss.start();
        await createQueues(this.#boss, this.#options.queues);
        this.#stopWatching = watchDepth(this.#options.database, this.#options.queues, 10_000);
        this.#isReady = true;
        for (const begin of this.#workers) await begin();
        return;
      } catch (error) {
        log.debug('outbox_not_started', { schema: this.#options.service, error });
        await sleep(250, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  isReady(): boolean {
    return this.#isReady;
  }

  async append<P>(tx: Queryable, queue: Queue<P>, payload: P, options: AppendOptions = {}): Promise<string | undefined> {
    this.#assertReady();
    const stored: Stored = { v: 1, payload };
    const id = await this.#boss.send(queue.name, stored, {
      db: sqlOf(tx),
      // Where no key is given each has its own: two without one are two.
      singletonKey: options.singletonKey ?? randomUUID(),
      ...(options.runAt && { startAfter: options.runAt }),
    });
    return id ?? undefined;
  }

  work<P>(queue: Queue<P>, handler: Handler<P>): void {
    const { pollSeconds = 5 } = this.#options;
    const loops = Math.min(2, queue.concurrency);
    const begin = async (): Promise<void> => {
      await this.#boss.work(
        queue.name,
        {
          includeMetadata: true,
          perJobResults: true,
          localConcurrency: loops,
          batchSize: Math.ceil(queue.concurrency / loops),
          burstWhenBatchFull: true,
          pollingIntervalSeconds: pollSeconds,
          notifyPollingIntervalSeconds: pollSeconds,
        },
        (jobs: JobWithMetadata<Stored>[]) => Promise.all(jobs.map((job) => attempt(queue, handler, job))),
      );
    };
    this.#workers.push(begin);
    if (this.#isReady) void begin();
  }

  async replay(tx: Queryable, ids: readonly string[]): Promise<number> {
    this.#assertReady();
    let replayed = 0;
    for (const queue of ids.length === 0 ? [] : this.#options.queues) {
      replayed += await this.#boss.redrive(deadLettersOf(queue), { ids: [...ids], destination: queue.name, db: sqlOf(tx) });
    }
    return replayed;
  }

  async discard(tx: Queryable, ids: readonly string[]): Promise<number> {
    this.#assertReady();
    let discarded = 0;
    for (const queue of ids.length === 0 ? [] : this.#options.queues) {
      const answer = await this.#boss.deleteJob(deadLettersOf(queue), [...ids], { db: sqlOf(tx) });
      discarded += 'affected' in answer ? Number(answer.affected) : 0;
    }
    return discarded;
  }

  #assertReady(): void {
    if (!this.#isReady) throw new StatusError('UNAVAILABLE', 'store_unavailable', { message: 'the outbox is not ready' });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#started;
    this.#isReady = false;
    this.#stopWatching();
    await this.#boss.stop({ graceful: true, timeout: 5000, close: false });
  }
}
