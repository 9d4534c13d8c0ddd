import type { Issuer } from './issuer.ts';

/**
 * Where a page's forms may lead.
 *
 * Browsers apply `form-action` to every redirect that follows a form's POST, not only to the first address: a sign-in
 * ends at the client, and the client's callback may send the browser on to an origin of its own choice that we cannot
 * know. So a page whose form may end at a client names no `form-action` at all ("anywhere"); listing the client's origin
 * would break such clients, and an interstitial page would put the code into a document and into the history. What the
 * directive would add against an injected form, the template's escaping and `default-src 'none'` have to hold alone;
 * pages.test.ts pushes markup through every text that reaches a page. Everything else stays closed.
 */
export type FormTarget = 'anywhere' | 'self' | 'none';

/** A host that holds `;` or `,` would end its directive or the policy; one that is not named here is not loaded. */
const sourceShape = /^https?:\/\/(?:[a-z0-9\-._]+|\[[0-9a-f:.]+\])(?::\d+)?$/;

/** `frames`: the addresses of pages that this one frames. */
export function securityHeaders(issuer: Issuer, forms: FormTarget, frames: readonly string[] = []): Readonly<Record<string, string>> {
  const sources = [...new Set(frames.map((uri) => new URL(uri).origin))].filter((origin) => sourceShape.test(origin));
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ...(forms === 'anywhere' ? [] : [`form-action '${forms}'`]),
    ...(sources.length === 0 ? [] : [`frame-src ${sources.join(' ')}`]),
  ];
  return {
    'content-security-policy': policy.join('; '),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    // For browsers that know no frame-ancestors.
    'x-frame-options': 'DENY',
    // No Cross-Origin-Opener-Policy: clients sign people in in a popup, whose answer must find its opener.
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()',
    ...transportSecurity(issuer),
  };
}

/** RFC 6797. Without includeSubDomains: the host may have neighbours that are not ours to decide for. */
export const transportSecurity = (issuer: Issuer): Readonly<Record<string, string>> =>
  issuer.secure ? { 'strict-transport-security': 'max-age=31536000' } : {};
