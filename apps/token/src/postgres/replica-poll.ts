import type { Database } from '@authority/postgres';
import { log } from '@authority/telemetry';

/** Something that a replica holds in memory and brings up to date. */
export interface Polled {
  refresh(): Promise<void>;
  /** The next refresh reads everything. */
  forget(): void;
}

const pollMs = 500;
/** Many changes at once are one poll, not one each. */
const hintSpacingMs = 20;

/**
 * Keeps what this replica has in memory current: a poll every 500 ms is the truth, NOTIFY only makes it earlier
 * (house.md, "One revocation set").
 */
export class ReplicaPoll {
  private goodAt = 0;
  private startedAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<boolean> | undefined;
  private hinted = false;
  private isFailing = false;
  private stopped = false;
  private readonly stopListening: () => void;

  constructor(
    database: Database,
    private readonly polled: readonly Polled[],
  ) {
    this.stopListening = database.listen('token_changed', () => this.hint());
    this.schedule(0);
  }

  /** Unix milliseconds at which the last good poll began; 0 before the first. */
  lastGoodAt(): number {
    return this.goodAt;
  }

  /** Brings this replica up to date with what was committed before the call; false when the store did not answer. */
  async refresh(): Promise<boolean> {
    // The snapshot of a poll that is under way may be older than the call.
    await this.running;
    this.running ??= this.poll();
    return await this.running;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.stopListening();
    await this.running;
    clearTimeout(this.timer);
  }

  private hint(): void {
    this.hinted = true;
    if (this.running === undefined) this.schedule(this.startedAt + hintSpacingMs - Date.now());
  }

  private schedule(inMs: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(
      () => {
        this.running ??= this.poll();
      },
      Math.max(inMs, 0),
    ).unref();
  }

  private async poll(): Promise<boolean> {
    this.hinted = false;
    this.startedAt = Date.now();
    const { startedAt } = this;
    const isGood = await Promise.all(this.polled.map((one) => one.refresh())).then(
      () => true,
      (error: unknown) => this.fail(error),
    );
    if (isGood) {
      this.goodAt = startedAt;
      this.isFailing = false;
    }
    this.running = undefined;
    this.schedule(this.hinted && isGood ? startedAt + hintSpacingMs - Date.now() : pollMs);
    return isGood;
  }

  /** The server may have lost its last transactions: the next poll reads everything. */
  private fail(error: unknown): false {
    for (const one of this.polled) one.forget();
    if (!this.isFailing) log.warn('token.poll_failed', { error });
    this.isFailing = true;
    return false;
  }
}
