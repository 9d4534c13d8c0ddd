import type { Lane } from './batch.ts';
import type { QueuedCall } from './coalesce.ts';
import type { Method } from './definition.ts';

export interface CarryOptions {
  /** Unix milliseconds. */
  deadline: number;
  operator?: string | undefined;
}

/** One interface, two transports: how calls reach a peer. */
export interface Carrier {
  unary(method: Method, request: unknown, options: CarryOptions): Promise<unknown>;
  /** A unary call whose messages stay as they are on the wire. */
  raw(method: Method, request: Buffer, options: CarryOptions): Promise<Buffer>;
  /**
   * Carries a batch; `settle` is called once for each item that got an answer. Rejects when the call as a whole broke.
   * `batch` is the sibling RPC of the lane, `item` the RPC itself.
   */
  batch(
    batch: Method,
    item: Method,
    lane: Lane,
    calls: readonly QueuedCall[],
    settle: (call: QueuedCall, outcome: { value: unknown } | { error: unknown }) => void,
  ): Promise<void>;
  /** Requests are encoded before they queue, so that sizes are known. */
  readonly encodes: boolean;
  close(): void;
}
