import { type Ephemeral, isSameDigest, newHandle, readHandle } from '@authority/ephemeral';
import type { Completion, Completions } from '../flows/state.ts';

const space = 'completion';

/** The gateway redeems it in the request that finished the flow; this is for a slow one. */
const lifetimeMs = 60_000;

interface CompletionValue extends Completion {
  readonly v: 1;
  /** SHA-256 of the handle's secret. */
  readonly digest: string;
}

/** Completions in the ephemeral store (KEYS.md). */
export class EphemeralCompletions implements Completions {
  readonly #store: Ephemeral;

  constructor(store: Ephemeral) {
    this.#store = store;
  }

  async put(completion: Completion): Promise<string> {
    const { handle, id, digest } = newHandle(this.#store.mint(lifetimeMs));
    const value = { v: 1, digest, ...completion } satisfies CompletionValue;
    await this.#store.put(space, id, JSON.stringify(value), lifetimeMs);
    return handle;
  }

  async take(handle: string): Promise<Completion | undefined> {
    const presented = readHandle(handle);
    const stored = presented && (await this.#store.take(space, presented.id));
    if (!presented || stored === undefined) return undefined;
    const { v, digest, ...completion } = JSON.parse(stored) as CompletionValue; // written by `put`, of this version
    return v === 1 && isSameDigest(digest, presented.digest) ? completion : undefined;
  }
}
