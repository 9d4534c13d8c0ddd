import { type Ephemeral, isSameDigest, newHandle, readHandle } from '@authority/ephemeral';
import type { Flows, FlowState, StoredFlow } from '../flows/state.ts';

const space = 'flow';

interface FlowValue extends FlowState {
  readonly v: 1;
  /** SHA-256 of the handle's secret. */
  readonly digest: string;
}

/** Flows in the ephemeral store (KEYS.md). */
export class EphemeralFlows implements Flows {
  readonly #store: Ephemeral;
  readonly #now: () => number;

  constructor(store: Ephemeral, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  async start(state: FlowState): Promise<StoredFlow> {
    const ttl = this.#left(state);
    const { handle, id, digest } = newHandle(this.#store.mint(ttl));
    const stored = write(digest, state);
    await this.#store.put(space, id, stored, ttl);
    return { handle, id, stored, state };
  }

  async find(handle: string): Promise<StoredFlow | undefined> {
    const presented = readHandle(handle);
    const stored = presented && (await this.#store.get(space, presented.id));
    if (!presented || stored === undefined) return undefined;
    const { v, digest, ...state } = JSON.parse(stored) as FlowValue; // written by `write`, of this version
    if (v !== 1 || !isSameDigest(digest, presented.digest)) return undefined;
    return { handle, id: presented.id, stored, state };
  }

  change(flow: StoredFlow, state: FlowState): Promise<boolean> {
    const { digest } = JSON.parse(flow.stored) as FlowValue; // as above
    return this.#store.compareAndSet(space, flow.id, flow.stored, write(digest, state), this.#left(state));
  }

  async finish(flow: StoredFlow): Promise<boolean> {
    return (await this.#store.take(space, flow.id)) !== undefined;
  }

  #left(state: FlowState): number {
    return Math.max(1, state.expiresAt - this.#now());
  }
}

const write = (digest: string, state: FlowState): string => JSON.stringify({ v: 1, digest, ...state } satisfies FlowValue);
