import { type Ephemeral, isSameDigest, newHandle, readHandle } from '@authority/ephemeral';

/** What is stored: the value, and the digest of the handle's secret half. */
interface Stored<T> {
  digest: string;
  request: T;
}

interface Found<T> extends Stored<T> {
  id: string;
  /** As it is in the store, for compare-and-set. */
  text: string;
}

/** Values that browsers hold by a handle, of which the store has only a digest (KEYS.md). */
export class HandledValues<T extends { expiresAt: number }> {
  constructor(
    private readonly ephemeral: Ephemeral,
    private readonly space: string,
  ) {}

  async store(request: T): Promise<string> {
    const ttlMs = request.expiresAt - Date.now();
    const { handle, id, digest } = newHandle(this.ephemeral.mint(ttlMs));
    await this.ephemeral.put(this.space, id, JSON.stringify({ digest, request } satisfies Stored<T>), ttlMs);
    return handle;
  }

  async find(handle: string): Promise<T | undefined> {
    return (await this.read(handle))?.request;
  }

  /** Atomic: what `changed` makes of the value, over all replicas; the same value means no write. */
  async change(handle: string, changed: (request: T) => T): Promise<T | undefined> {
    for (;;) {
      const found = await this.read(handle);
      if (found === undefined) return undefined;
      const request = changed(found.request);
      if (request === found.request) return request;
      const next = JSON.stringify({ digest: found.digest, request } satisfies Stored<T>);
      const ttlMs = Math.max(request.expiresAt - Date.now(), 1);
      if (await this.ephemeral.compareAndSet(this.space, found.id, found.text, next, ttlMs)) return request;
    }
  }

  async take(handle: string): Promise<T | undefined> {
    // Asked first, so that whoever knows only the id cannot take it away; `take` itself has one winner.
    const found = await this.read(handle);
    if (found === undefined) return undefined;
    const text = await this.ephemeral.take(this.space, found.id);
    return text === undefined ? undefined : this.parse(text).request;
  }

  private async read(handle: string): Promise<Found<T> | undefined> {
    const presented = readHandle(handle);
    if (presented === undefined) return undefined;
    const text = await this.ephemeral.get(this.space, presented.id);
    if (text === undefined) return undefined;
    const stored = this.parse(text);
    return isSameDigest(stored.digest, presented.digest) ? { ...stored, id: presented.id, text } : undefined;
  }

  private parse(text: string): Stored<T> {
    return JSON.parse(text) as Stored<T>; // written by this class; `request.version` tells later shapes apart
  }
}
