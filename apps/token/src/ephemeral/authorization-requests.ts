import type { Ephemeral } from '@authority/ephemeral';
import type { AuthorizationRequests, StoredAuthorizationRequest } from '@authority/protocol';
import { HandledValues } from './handled-values.ts';

/** Pending authorization requests (KEYS.md). May be lost; then the person starts again. */
export class EphemeralAuthorizationRequests implements AuthorizationRequests {
  private readonly requests: HandledValues<StoredAuthorizationRequest>;

  constructor(ephemeral: Ephemeral) {
    this.requests = new HandledValues(ephemeral, 'authorization_request');
  }

  store(request: StoredAuthorizationRequest): Promise<string> {
    return this.requests.store(request);
  }

  find(handle: string): Promise<StoredAuthorizationRequest | undefined> {
    return this.requests.find(handle);
  }

  /** Two requests that came at once with different cookies: the first binds, the other is told whose it is. */
  bind(handle: string, browser: string, now: number): Promise<StoredAuthorizationRequest | undefined> {
    return this.requests.change(handle, (request) => (request.browser === '' ? { ...request, browser, createdAt: now } : request));
  }

  select(handle: string, selectedAt: number): Promise<StoredAuthorizationRequest | undefined> {
    return this.requests.change(handle, (request) => ({ ...request, selectedAt }));
  }

  take(handle: string): Promise<StoredAuthorizationRequest | undefined> {
    return this.requests.take(handle);
  }
}
