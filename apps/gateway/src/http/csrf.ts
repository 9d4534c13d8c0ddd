import { timingSafeEqual } from 'node:crypto';
import { OAuthError } from '@authority/errors';
import type { IncomingHttpHeaders } from 'node:http';
import type { Issuer } from './issuer.ts';

/** The hidden field that repeats the csrf cookie. */
export const csrfField = 'csrf_token';

/**
 * A step may change something only when three things hold: the browser says that our own page sent it (Origin,
 * Sec-Fetch-Site), the form repeats a random cookie (double submit; no key and no store at the edge), and the owner finds
 * the interaction bound to this browser. The first two are here.
 */
export function assertOwnForm(headers: IncomingHttpHeaders, issuer: Issuer, cookie: string, field: string): void {
  if (isFromElsewhere(headers, issuer)) {
    throw new OAuthError('invalid_request', 'origin_foreign', { description: 'The form was sent from another site.' });
  }
  if (!equal(cookie, field)) {
    throw new OAuthError('invalid_request', 'csrf_mismatch', { description: 'The form does not belong to this browser.' });
  }
}

/**
 * Whether another site caused a request, as far as the browser says. Neither header: not a browser of today, and the
 * cookies decide.
 *
 * Our pages send no referrer, and under that policy browsers write `Origin: null` on our own forms too (Fetch §3.2,
 * "append a request Origin header"). So `null` counts as ours only where Sec-Fetch-Site says same-origin; a sandboxed
 * frame of a stranger says cross-site.
 */
export function isFromElsewhere(headers: IncomingHttpHeaders, issuer: Issuer): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const { origin } = headers;
  if (origin === undefined) return false;
  return origin === 'null' ? site !== 'same-origin' : origin !== issuer.origin;
}

function equal(cookie: string, field: string): boolean {
  const [a, b] = [Buffer.from(cookie), Buffer.from(field)];
  return a.length > 0 && a.length === b.length && timingSafeEqual(a, b);
}
