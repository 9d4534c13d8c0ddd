import type { Database } from '@authority/postgres';
import { counter, labelNames, log, metricNames } from '@authority/telemetry';
import type { Driver } from './driver.ts';
import { Epoch, type EpochCause } from './epoch.ts';
import { EpochedEphemeral } from './epoched.ts';
import type { Ephemeral } from './ephemeral.ts';
import { PostgresDriver } from './postgres/postgres-driver.ts';
import { connectRedis } from './redis/connection.ts';
import { RedisDriver } from './redis/redis-driver.ts';

export interface EphemeralOptions {
  /** Unset: the service's own PostgreSQL holds the state, in unlogged tables. */
  redisUrl?: string;
  /** The service's schema, where the epoch is kept (see ephemeralTables) whichever driver is used. */
  database: Database;
  /** What the keys in Redis begin with: one per service and installation. */
  prefix: string;
  service: string;
  /** Told of what an operator should know, besides the log and the metric. */
  onEvent?: (event: EphemeralEvent) => void;
}

export type EphemeralEvent =
  | { kind: 'epoch_began'; service: string; cause: EpochCause }
  | { kind: 'store_away'; service: string; error: unknown }
  | { kind: 'store_back'; service: string };

const epochs = counter(metricNames.epochs, 'Epochs begun: each forgets all short-lived state.', [labelNames.service, labelNames.cause]);

const beatEveryMs = 1000;
/** How soon a store that is back is noticed. */
const lookEveryMs = 200;
const upkeepEveryMs = 60_000;

/**
 * Opens the short-lived state of a service. Does not fail when the stores are away: calls throw UNAVAILABLE until they
 * are back. Throws for a Redis that evicts keys.
 */
export async function openEphemeral(options: EphemeralOptions): Promise<Ephemeral> {
  if (options.redisUrl === undefined) return keep(new PostgresDriver(options.database), options);
  let keeper: Keeper | undefined;
  const connection = await connectRedis(
    options.redisUrl,
    () => keeper?.storeReady(),
    (error) => keeper?.storeAway(error),
  );
  return keep(new RedisDriver(connection, options.prefix), options, (made) => {
    keeper = made;
  });
}

async function keep(driver: Driver, options: EphemeralOptions, onMade?: (keeper: Keeper) => void): Promise<Ephemeral> {
  const keeper = new Keeper(driver, options);
  onMade?.(keeper);
  await keeper.start();
  return new EpochedEphemeral(driver, keeper.epoch, () => keeper.stop());
}

/** Keeps the heartbeat, and the upkeep of the store. */
class Keeper {
  readonly epoch: Epoch;
  private readonly driver: Driver;
  private readonly options: EphemeralOptions;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private isAway = false;
  private nextBeat = 0;
  private nextUpkeep = 0;

  constructor(driver: Driver, options: EphemeralOptions) {
    this.driver = driver;
    this.options = options;
    const { service, database } = options;
    this.epoch = new Epoch(database, driver, (cause) => this.tell({ kind: 'epoch_began', service, cause }));
  }

  async start(): Promise<void> {
    await this.tick();
    this.schedule();
  }

  storeReady(): void {
    this.epoch.suspend();
    if (!this.stopped) void this.tick();
  }

  storeAway(error: unknown): void {
    this.epoch.suspend();
    if (!this.stopped) this.noteAway(error);
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.tick().finally(() => this.schedule()), lookEveryMs);
    this.timer.unref();
  }

  private async tick(): Promise<void> {
    const now = Date.now();
    if (this.epoch.isUsable() && now < this.nextBeat) return;
    this.nextBeat = now + beatEveryMs;
    try {
      await this.epoch.beat();
    } catch (error) {
      return this.storeAway(error);
    }
    this.noteBack();
    if (now < this.nextUpkeep) return;
    this.nextUpkeep = now + upkeepEveryMs;
    await this.driver.upkeep().catch(() => {}); // busy tables: in a minute again
  }

  private noteAway(error: unknown): void {
    if (this.isAway) return;
    this.isAway = true;
    this.tell({ kind: 'store_away', service: this.options.service, error });
  }

  private noteBack(): void {
    if (!this.isAway) return;
    this.isAway = false;
    this.tell({ kind: 'store_back', service: this.options.service });
  }

  private tell(event: EphemeralEvent): void {
    const { kind, service, ...fields } = event;
    const isNews = kind !== 'store_back' && !(kind === 'epoch_began' && event.cause === 'first');
    log[isNews ? 'warn' : 'info'](`ephemeral_${kind}`, { schema: service, ...fields });
    if (event.kind === 'epoch_began') epochs.add(1, { service, cause: event.cause });
    this.options.onEvent?.(event);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.epoch.suspend();
    await this.driver.close();
  }
}
