import { OutboundError } from './outbound-error.ts';

interface Limits {
  readonly perKey: number;
  readonly total: number;
  /** How many may wait in all; who comes after is turned away. */
  readonly waiting: number;
  /** How many of them for one key, so that a slow host does not turn the others away; absent: all. */
  readonly waitingPerKey?: number;
}

interface Waiter {
  readonly key: string;
  readonly enter: () => void;
}

/** Lets so many run at once, per key and in all. Who waits waits within its own deadline (`signal`). */
export class Gate {
  private readonly limits: Limits;
  private readonly running = new Map<string, number>();
  private inAll = 0;
  private waiters: Waiter[] = [];

  constructor(limits: Limits) {
    this.limits = limits;
  }

  async run<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.enter(key, signal);
    try {
      return await work();
    } finally {
      this.leave(key);
    }
  }

  private enter(key: string, signal: AbortSignal): Promise<void> {
    if (this.hasRoom(key)) {
      this.take(key);
      return Promise.resolve();
    }
    const { waiting, waitingPerKey = waiting } = this.limits;
    if (this.waiters.length >= waiting || this.waiters.filter((one) => one.key === key).length >= waitingPerKey) {
      return Promise.reject(new OutboundError('overloaded', key, 'too many requests wait'));
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        key,
        enter: () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      const giveUp = (): void => {
        this.waiters = this.waiters.filter((one) => one !== waiter);
        reject(signal.reason);
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', giveUp, { once: true });
      this.waiters.push(waiter);
    });
  }

  private hasRoom(key: string): boolean {
    return this.inAll < this.limits.total && (this.running.get(key) ?? 0) < this.limits.perKey;
  }

  private take(key: string): void {
    this.inAll++;
    this.running.set(key, (this.running.get(key) ?? 0) + 1);
  }

  private leave(key: string): void {
    this.inAll--;
    const left = (this.running.get(key) ?? 1) - 1;
    if (left === 0) this.running.delete(key);
    else this.running.set(key, left);

    // The first that has room now: a host whose limit is reached does not hold the others.
    const next = this.waiters.find((waiter) => this.hasRoom(waiter.key));
    if (next === undefined) return;
    this.waiters = this.waiters.filter((one) => one !== next);
    this.take(next.key);
    next.enter();
  }
}
