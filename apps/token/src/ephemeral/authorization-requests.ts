import { type Ephemeral, isSameDigest, newHandle, readHandle } from '@authority/ephemeral';
import type { AuthorizationRequests, StoredAuthorizationRequest } from '@authority/protocol';

const space = 'authorization_request';

/** What is stored: the request, and the digest of the handle's secret half. */
interface Stored {
  digest: string;
  request: StoredAuthorizationRequest;
}

interface Found extends Stored {
  id: string;
  /** As it is in the store, for compare-and-set. */
  text: string;
}

/** Pending authorization requests (KEYS.md). May be lost; then the person starts again. */
export class EphemeralAuthorizationRequests implements AuthorizationRequests {
  constructor(private readonly ephemeral: Ephemeral) {}

  async store(request: StoredAuthorizationRequest): Promise<string> {
    const ttlMs = request.expiresAt - Date.now();
    const { handle, id, digest } = newHandle(this.ephemeral.mint(ttlMs));
    await this.ephemeral.put(space, id, JSON.stringify({ digest, request } satisfies Stored), ttlMs);
    return handle;
  }

  async find(handle: string): Promise<StoredAuthorizationRequest | undefined> {
    return (await this.read(handle))?.request;
  }

  /** Two requests that came at once with different cookies: the first binds, the other is told whose it is. */
  bind(handle: string, browser: string, now: number): Promise<StoredAuthorizationRequest | undefined> {
    return this.change(handle, (request) => (request.browser === '' ? { ...request, browser, createdAt: now } : request));
  }

  select(handle: string, selectedAt: number): Promise<StoredAuthorizationRequest | undefined> {
    return this.change(handle, (request) => ({ ...request, selectedAt }));
  }

  async take(handle: string): Promise<StoredAuthorizationRequest | undefined> {
    // Asked first, so that whoever knows only the id cannot take it away; `take` itself has one winner.
    const found = await this.read(handle);
    if (found === undefined) return undefined;
    const text = await this.ephemeral.take(space, found.id);
    return text === undefined ? undefined : parse(text).request;
  }

  private async change(
    handle: string,
    changed: (request: StoredAuthorizationRequest) => StoredAuthorizationRequest,
  ): Promise<StoredAuthorizationRequest | undefined> {
    for (;;) {
      const found = await this.read(handle);
      if (found === undefined) return undefined;
      const request = changed(found.request);
      if (request === found.request) return request;
      const next = JSON.stringify({ digest: found.digest, request } satisfies Stored);
      const ttlMs = Math.max(request.expiresAt - Date.now(), 1);
      if (await this.ephemeral.compareAndSet(space, found.id, found.text, next, ttlMs)) return request;
    }
  }

  private async read(handle: string): Promise<Found | undefined> {
    const presented = readHandle(handle);
    if (presented === undefined) return undefined;
    const text = await this.ephemeral.get(space, presented.id);
    if (text === undefined) return undefined;
    const stored = parse(text);
    return isSameDigest(stored.digest, presented.digest) ? { ...stored, id: presented.id, text } : undefined;
  }
}

function parse(text: string): Stored {
  return JSON.parse(text) as Stored; // written by this class; `request.version` tells later shapes apart
}
