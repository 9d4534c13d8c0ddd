import type { Database } from '@authority/postgres';
import { log } from '@authority/telemetry';

/** Something that a replica holds in memory and brings up to date. */
export interface Polled {
  refresh(): Promise<void>;
  /** The next refresh reads everything. */
  forget(): void;
}

const pollMs = 500;

/**
 * Keeps what this replica has in memory current: a poll every 500 ms is the truth, NOTIFY only makes it earlier
 * (house.md, "One revocation set").
 */
export class ReplicaPoll {
  private goodAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;
  private readonly stopListening: () => void;

  constructor(
    database: Database,
    private readonly polled: readonly Polled[],
  ) {
    this.stopListening = database.listen('token_changed', () => this.hint());
    this.hint();
  }

  /** Unix milliseconds at which the last good poll began; 0 before the first. */
  lastGoodAt(): number {
    return this.goodAt;
  }

  /** Polls now, or once more after the poll that is under way: its snapshot may be older than the hint. */
  hint(): void {
    if (this.running !== undefined) this.again = true;
    else if (!this.stopped) this.running = this.poll();
  }

  /** Brings this replica up to date with what was committed before the call. */
  async refresh(): Promise<void> {
    this.hint();
    while (this.running !== undefined) await this.running;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.again = false;
    clearTimeout(this.timer);
    this.stopListening();
    await this.running;
  }

  private async poll(): Promise<void> {
    clearTimeout(this.timer);
    const startedAt = Date.now();
    try {
      await Promise.all(this.polled.map((one) => one.refresh()));
      this.goodAt = startedAt;
    } catch (error) {
      for (const one of this.polled) one.forget();
      log.warn('token.poll_failed', { error: String(error) });
    }
    this.running = undefined;
    if (this.stopped) return;
    if (this.again) {
      this.again = false;
      this.hint();
    } else {
      this.timer = setTimeout(() => this.hint(), pollMs).unref();
    }
  }
}
