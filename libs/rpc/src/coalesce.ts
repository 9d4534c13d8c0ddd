import { StatusError } from '@authority/errors';
import { inject, inRootContext } from '@authority/telemetry';

/** The bounds of performance.md 1. */
export const batchBounds = {
  items: 64,
  bytes: 256 << 10,
  itemBytes: 16 << 10,
  // Fewer in flight make fuller batches: measured, two carry more than four on one core and lose nothing on two.
  inFlight: 2,
  queue: 4096,
  cpuFill: 24,
} as const;

/** A batch counts as in flight for this long at the most, in milliseconds. */
const SLOW_BATCH_MS = 20;

/** A call that waits for its batch. */
export interface QueuedCall {
  request: unknown;
  /** Encoded length in bytes; 0 where nothing is encoded. */
  bytes: number;
  encoded: Buffer | undefined;
  /** Unix milliseconds. */
  deadline: number;
  traceparent: string;
  /** May be sent again after a broken call. */
  idempotent: boolean;
  attempts: number;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  settled: boolean;
  /** Whose queue it is in, or was last: an item may move from the CPU lane to the store lane. */
  lane: Coalescer | undefined;
}

/** Sends one batch and settles its calls; rejects when the batch as a whole broke. */
export type SendBatch = (calls: readonly QueuedCall[]) => Promise<void>;

/**
 * Calls of one RPC and lane that are made in one turn of the event loop travel as one batch. No timer: the queue is
 * flushed by setImmediate, so that nothing waits at low load.
 */
export class Coalescer {
  #queue: QueuedCall[] = [];
  #inFlight = 0;
  #outstanding = 0;
  #scheduled = false;

  /**
   * `fill`: beside a batch in flight another one starts only with this many calls. Answers of the CPU lane come within a
   * millisecond or two, so waiting for company costs less than a batch of its own; in the store lane nobody waits.
   */
  constructor(
    private readonly send: SendBatch,
    private readonly fill = 1,
  ) {}

  call(request: unknown, encoded: Buffer | undefined, deadline: number, idempotent: boolean): Promise<unknown> {
    if (this.#queue.length + this.#outstanding >= batchBounds.queue) {
      return Promise.reject(new StatusError('UNAVAILABLE', 'overloaded', { retryAfterMs: 1000 }));
    }
    return new Promise((resolve, reject) => {
      this.#enqueue({
        request,
        encoded,
        bytes: encoded?.length ?? 0,
        deadline,
        traceparent: inject() ?? '',
        idempotent,
        attempts: 0,
        resolve,
        reject,
        settled: false,
        lane: undefined,
      });
    });
  }

  #enqueue(call: QueuedCall): void {
    call.lane = this;
    this.#queue.push(call);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || !this.#mayStart()) return;
    this.#scheduled = true;
    // The batch belongs to none of its callers: their traces are linked item by item.
    inRootContext(() => setImmediate(() => this.#flush()));
  }

  #mayStart(): boolean {
    if (this.#queue.length === 0 || this.#inFlight >= batchBounds.inFlight) return false;
    return this.#inFlight === 0 || this.#queue.length >= this.fill;
  }

  #flush(): void {
    this.#scheduled = false;
    while (this.#mayStart()) {
      const calls = this.#next();
      if (calls.length > 0) void this.#sendOnce(calls);
    }
  }

  /** At most 64 items and 256 KiB; calls that are late already are refused here. */
  #next(): QueuedCall[] {
    const now = Date.now();
    const calls: QueuedCall[] = [];
    let bytes = 0;
    let taken = 0;
    for (const call of this.#queue) {
      if (calls.length >= batchBounds.items || (calls.length > 0 && bytes + call.bytes > batchBounds.bytes)) break;
      taken++;
      if (call.deadline <= now) {
        fail(call, new StatusError('DEADLINE_EXCEEDED', 'deadline_exceeded'));
        continue;
      }
      calls.push(call);
      bytes += call.bytes;
    }
    this.#queue.splice(0, taken);
    return calls;
  }

  async #sendOnce(calls: QueuedCall[]): Promise<void> {
    const release = this.#takeSlot();
    this.#outstanding += calls.length;
    try {
      await this.send(calls);
      if (calls.some((call) => this.#waits(call))) {
        this.#unanswered(calls, new StatusError('UNAVAILABLE', 'peer_unavailable', { retryAfterMs: 1000 }));
      }
    } catch (error) {
      this.#unanswered(calls, error);
    } finally {
      this.#outstanding -= calls.length;
      release();
    }
  }

  /** One of the slots in flight; a batch that waits for a slow item gives it back early, so that it holds up nobody. */
  #takeSlot(): () => void {
    this.#inFlight++;
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      clearTimeout(timer);
      this.#inFlight--;
      this.#schedule();
    };
    const timer = setTimeout(release, SLOW_BATCH_MS);
    return release;
  }

  #unanswered(calls: readonly QueuedCall[], error: unknown): void {
    for (const call of calls) if (this.#waits(call)) this.#again(call, error);
  }

  #waits(call: QueuedCall): boolean {
    return !call.settled && call.lane === this;
  }

  /** Sent again once after a broken call, and only what may be: never codes, assertions or proofs. */
  #again(call: QueuedCall, error: unknown): void {
    const broken = error instanceof StatusError && error.code === 'UNAVAILABLE';
    if (!call.idempotent || !broken || call.attempts > 0) {
      fail(call, error);
      return;
    }
    call.attempts++;
    this.#enqueue(call);
  }

  /** Settles a call with what its batch answered; one that does not belong into this lane moves. */
  static settle(call: QueuedCall, outcome: { value: unknown } | { error: unknown }, move?: Coalescer): void {
    if (call.settled) return;
    if ('value' in outcome) {
      call.settled = true;
      call.resolve(outcome.value);
    } else if (move && outcome.error instanceof StatusError && outcome.error.reason === 'lane_changed') {
      move.#enqueue(call);
    } else {
      fail(call, outcome.error);
    }
  }
}

function fail(call: QueuedCall, error: unknown): void {
  if (call.settled) return;
  call.settled = true;
  call.reject(error);
}
