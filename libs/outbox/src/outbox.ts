import type { Queryable } from '@authority/postgres';

/** What kind of thing waits, and how it is tried. One for each kind; every replica knows the same ones. */
export interface Queue<P> {
  /** Lower-case words: a name in the store and a label of metrics. */
  readonly name: string;
  /**
   * Reads what was stored, by this release, the one before or the next. What it throws is tried again as other failures
   * are: while releases overlap, a replica of the other one may know it.
   */
  readonly read: (stored: unknown) => P;
  /** How often it is tried again after the first time, before it is a dead letter. */
  readonly retries: number;
  readonly backoff: Backoff;
  /** How long one attempt may take. Longer than that counts as failed. */
  readonly timeoutMs: number;
  /** How many a replica has under way. */
  readonly concurrency: number;
}

/** Seconds until the next attempt: the first pause, doubled each time (with some chance in it) up to the longest. */
export interface Backoff {
  readonly firstSeconds: number;
  readonly longestSeconds: number;
}

export interface AppendOptions {
  /** While one with this key waits for its first attempt, another is not appended. */
  readonly singletonKey?: string;
  /** Not before this. */
  readonly runAt?: Date;
}

/** One attempt. */
export interface Delivery<P> {
  /** Stays the same over all attempts: what a receiver can tell a repetition by. */
  readonly id: string;
  readonly payload: P;
  /** 1 is the first. */
  readonly attempt: number;
  readonly appendedAt: Date;
  /** Aborted when the attempt has taken too long, or the process stops. */
  readonly signal: AbortSignal;
}

/** Returns when it is delivered. Whatever it throws is tried again, but for an `Undeliverable`. At least once: it must bear a repetition. */
export type Handler<P> = (delivery: Delivery<P>) => Promise<void>;

/** Thrown by a handler: no later attempt would do better. */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable';
}

export interface Outbox {
  /**
   * Appends in the transaction of the change: neither is there without the other. Answers the id of the delivery, or
   * undefined when one with its singleton key waits already. UNAVAILABLE while the store is away.
   */
  append<P>(tx: Queryable, queue: Queue<P>, payload: P, options?: AppendOptions): Promise<string | undefined>;
  /** This replica takes part in the work of a queue, until the outbox is closed. */
  work<P>(queue: Queue<P>, handler: Handler<P>): void;
  /** Puts dead letters of whichever queue back, with all their attempts, in the transaction of its audit row. Answers how many there were. */
  replay(tx: Queryable, ids: readonly string[]): Promise<number>;
  /** Forgets dead letters. */
  discard(tx: Queryable, ids: readonly string[]): Promise<number>;
  isReady(): boolean;
  /** Begins nothing more, and gives what is under way a few seconds. */
  close(): Promise<void>;
}
