import { type Ephemeral, isSameDigest, newHandle, readHandle } from '@authority/ephemeral';
import type { Once } from '../flows/state.ts';

/** The gateway redeems a handle in the request that got it; this is for a slow one. */
const lifetimeMs = 60_000;

interface Stored<T> {
  readonly v: 1;
  /** SHA-256 of the handle's secret. */
  readonly digest: string;
  readonly value: T;
}

/** Completions and attestations in the ephemeral store (KEYS.md). */
export class EphemeralOnce<T> implements Once<T> {
  readonly #store: Ephemeral;
  readonly #space: 'completion' | 'attestation';

  constructor(store: Ephemeral, space: 'completion' | 'attestation') {
    this.#store = store;
    this.#space = space;
  }

  async put(value: T): Promise<string> {
    const { handle, id, digest } = newHandle(this.#store.mint(lifetimeMs));
    await this.#store.put(this.#space, id, JSON.stringify({ v: 1, digest, value } satisfies Stored<T>), lifetimeMs);
    return handle;
  }

  async take(handle: string): Promise<T | undefined> {
    const presented = readHandle(handle);
    const stored = presented && (await this.#store.take(this.#space, presented.id));
    if (!presented || stored === undefined) return undefined;
    const { v, digest, value } = JSON.parse(stored) as Stored<T>; // written by `put`, of this version
    return v === 1 && isSameDigest(digest, presented.digest) ? value : undefined;
  }
}
