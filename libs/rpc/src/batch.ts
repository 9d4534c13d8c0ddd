import { setImmediate as turn } from 'node:timers/promises';
import { StatusError } from '@authority/errors';
import { span, withRemoteParent } from '@authority/telemetry';
import { type Call, LazyCall } from './call.ts';
import type { Method } from './definition.ts';
import { observeServed } from './observe.ts';

/** One item of a batch on the serving side. `settle` may be called more than once; the first call counts. */
export interface BatchItemCall {
  /** Decodes the item's request; throws when it is malformed. */
  decode(): unknown;
  /** Unix milliseconds. */
  deadline: number;
  traceparent: string;
  settle(outcome: Outcome): void;
}

export type Outcome = { value: unknown } | { error: unknown };

/** A batch on the serving side. */
export interface Batch {
  items: readonly BatchItemCall[];
  /** `cpu`: answered as one message, so nobody may wait for a store; `store`: answers leave as they are ready. */
  lane: Lane;
}

export type Lane = 'cpu' | 'store';

/** A batch may hold the event loop this long before others get a turn, in milliseconds. */
const SLICE_MS = 2;
/** A turn is given after this many items too: their work goes on after their first await. */
const SLICE_ITEMS = 16;
/** How long the fast items of a CPU batch wait for a slow one before it is sent over to the store lane. */
const STRAGGLER_MS = 10;

type ServeItem = (request: unknown, call: Call) => Promise<unknown>;

/**
 * Serves the items of a batch one by one: each is decoded, timed, traced and refused alone (performance.md 1). In the CPU
 * lane an item that turns out to wait for something is answered ABORTED `lane_changed` and comes back in the store lane.
 */
export async function serveBatch(serve: ServeItem, method: Method, batch: Batch, call: Call): Promise<void> {
  const open = new OpenItems();
  let sliceStart = performance.now();
  let sliceItems = 0;
  for (const item of batch.items) {
    const entry: OpenItem = { item, call: new LazyCall(call.peer, item.deadline, call.operator) };
    open.add(entry);
    void serveItem(serve, method, entry).then(() => open.remove(entry));
    if (++sliceItems >= SLICE_ITEMS || performance.now() - sliceStart > SLICE_MS) {
      await turn();
      sliceStart = performance.now();
      sliceItems = 0;
    }
  }
  const stop = watchDeadlines(open);
  try {
    if (batch.lane === 'store') await open.empty();
    else await stragglersMove(open);
  } finally {
    stop();
  }
}

interface OpenItem {
  item: BatchItemCall;
  call: LazyCall;
}

/** The items that have no answer yet. */
class OpenItems {
  readonly #items = new Set<OpenItem>();
  #whenEmpty: (() => void) | undefined;

  add(entry: OpenItem): void {
    this.#items.add(entry);
  }

  remove(entry: OpenItem): void {
    if (this.#items.delete(entry) && this.#items.size === 0) this.#whenEmpty?.();
  }

  /** Answers an item for its handler, which is told to stop. */
  refuse(entry: OpenItem, error: StatusError): void {
    entry.item.settle({ error });
    entry.call.abort(error);
    this.remove(entry);
  }

  [Symbol.iterator](): IterableIterator<OpenItem> {
    return this.#items.values();
  }

  empty(): Promise<void> {
    if (this.#items.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
    });
  }
}

async function serveItem(serve: ServeItem, method: Method, { item, call }: OpenItem): Promise<void> {
  const started = performance.now();
  let outcome: Outcome;
  try {
    if (item.deadline <= Date.now()) throw new StatusError('DEADLINE_EXCEEDED', 'deadline_exceeded');
    const request = decodeItem(item);
    const value = await withRemoteParent(item.traceparent, () =>
      span(method.path, { 'rpc.system': 'grpc', 'rpc.batched': true }, () => serve(request, call)),
    );
    outcome = { value };
  } catch (error) {
    outcome = { error };
  }
  observeServed(method.path, call.peer, outcome, (performance.now() - started) / 1000);
  item.settle(outcome);
}

function decodeItem(item: BatchItemCall): unknown {
  try {
    return item.decode();
  } catch (cause) {
    throw new StatusError('INVALID_ARGUMENT', 'item_malformed', { cause });
  }
}

/** Refuses what is late; one timer for the batch, set to the next deadline. */
function watchDeadlines(open: OpenItems): () => void {
  let timer: NodeJS.Timeout | undefined;
  const check = (): void => {
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const entry of open) {
      if (entry.item.deadline <= now) open.refuse(entry, new StatusError('DEADLINE_EXCEEDED', 'deadline_exceeded'));
      else next = Math.min(next, entry.item.deadline);
    }
    if (Number.isFinite(next)) timer = setTimeout(check, Math.min(next - now, 60_000));
  };
  check();
  return () => clearTimeout(timer);
}

async function stragglersMove(open: OpenItems): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, STRAGGLER_MS);
  });
  await Promise.race([open.empty(), patience]);
  clearTimeout(timer);
  for (const entry of open) open.refuse(entry, new StatusError('ABORTED', 'lane_changed'));
}
