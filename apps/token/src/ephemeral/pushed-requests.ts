import { type Ephemeral, isSameDigest, newHandle, readHandle } from '@authority/ephemeral';
import type { PushedRequest, PushedRequests } from '@authority/protocol';

const space = 'pushed_request';

/** What is stored: the request, and the digest of the reference's secret half. */
interface Stored {
  digest: string;
  request: PushedRequest;
}

/** Pushed authorization requests (KEYS.md). May be lost; then the client pushes again. */
export class EphemeralPushedRequests implements PushedRequests {
  constructor(private readonly ephemeral: Ephemeral) {}

  async store(request: PushedRequest, interactionLifetime: number): Promise<string> {
    const ttlMs = Math.max(request.expiresAt - Date.now(), 1);
    // The id names the longest life that it may come to; until somebody begins, it lives for its own.
    const { handle, id, digest } = newHandle(this.ephemeral.mint(ttlMs + interactionLifetime * 1000));
    await this.ephemeral.put(space, id, JSON.stringify({ digest, request } satisfies Stored), ttlMs);
    return handle;
  }

  async find(reference: string): Promise<{ id: string; request: PushedRequest } | undefined> {
    const presented = readHandle(reference);
    if (presented === undefined) return undefined;
    const text = await this.ephemeral.get(space, presented.id);
    if (text === undefined) return undefined;
    const { digest, request } = JSON.parse(text) as Stored; // written by this class; `request.version` tells later shapes apart
    return isSameDigest(digest, presented.digest) ? { id: presented.id, request } : undefined;
  }

  async keep(id: string, until: number): Promise<boolean> {
    const text = await this.ephemeral.get(space, id);
    if (text === undefined) return false;
    // The same value with a longer life, unless it was taken in between.
    return this.ephemeral.compareAndSet(space, id, text, text, Math.max(until - Date.now(), 1));
  }

  async take(id: string): Promise<boolean> {
    return (await this.ephemeral.take(space, id)) !== undefined;
  }
}
