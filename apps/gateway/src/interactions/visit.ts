import type { TransportEvidence } from '@authority/contracts/rpc';
import type { EdgeRequest } from '../http/request.ts';
import { browserBinding, type CookieName, type Cookies, randomValue } from '../http/cookies.ts';
import type { EvidenceOf } from '../http/evidence.ts';

/** One request of a person's browser: its cookies, what the edge saw, and the cookies to answer with. */
export interface Visit {
  readonly request: EdgeRequest;
  readonly evidence: TransportEvidence;
  /** The session cookie's value: a handle, no fact. */
  readonly session: string;
  /** What owners know this browser by. */
  readonly browser: string;
  /** What forms must repeat. */
  readonly csrf: string;
  /** `Set-Cookie` values so far. */
  readonly cookies: readonly string[];
  setSession(value: string, expiresAtMs: number): void;
  clearSession(): void;
  /** What pages of clients compare in a frame (OpenID Connect Session Management 1.0). */
  setState(value: string): void;
  /** A new value: after a sign-in or sign-out no form of before is good any more. */
  renewCsrf(): void;
}

export type OpenVisit = (request: EdgeRequest) => Visit;

/**
 * Cookies are made on GET only. A POST from another site brings none of ours (SameSite=Lax): answering it with new ones
 * would cut the browser off from what it had begun.
 */
export function visits(cookies: Cookies, evidenceOf: EvidenceOf, now: () => number = Date.now): OpenVisit {
  return (request) => {
    const header = request.headers.cookie;
    const set = new Map<CookieName, string>();
    const held = (name: CookieName): string => {
      const value = cookies.read(header, name);
      if (value !== '' || request.method !== 'GET') return value;
      const made = randomValue();
      set.set(name, cookies.set(name, made));
      return made;
    };
    const browser = browserBinding(held('browser'));
    let csrf = held('csrf');
    const state = cookies.read(header, 'state');
    // Somebody else, or nobody, is signed in from now on: what pages compare is no longer so, until an answer says what is.
    const forgetState = (): void => {
      if (state !== '') set.set('state', cookies.clear('state'));
    };
    return {
      request,
      evidence: evidenceOf(request),
      session: cookies.read(header, 'session'),
      browser,
      get csrf() {
        return csrf;
      },
      get cookies() {
        return [...set.values()];
      },
      setSession(value, expiresAtMs) {
        set.set('session', cookies.set('session', value, expiresAtMs - now()));
        forgetState();
      },
      clearSession() {
        set.set('session', cookies.clear('session'));
        forgetState();
      },
      setState(value) {
        if (value !== state) set.set('state', cookies.set('state', value));
        else set.delete('state');
      },
      renewCsrf() {
        csrf = randomValue();
        set.set('csrf', cookies.set('csrf', csrf));
      },
    };
  };
}
