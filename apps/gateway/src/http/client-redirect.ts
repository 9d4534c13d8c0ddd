import type { Parameter } from '@authority/contracts/rpc';

/** Schemes that a browser would run or read instead of visiting. None is ever registered; here it would be our fault. */
const never: ReadonlySet<string> = new Set(['javascript:', 'data:', 'vbscript:', 'blob:', 'file:', 'about:']);

/**
 * A redirect URI with an answer's parameters (RFC 6749 §4.1.2, OAuth 2.0 Multiple Response Types §2.1). The URI is put
 * together as text: what was registered is kept byte for byte, and native apps' schemes are no URLs that a parser would
 * leave alone.
 */
export function redirectTo(uri: string, responseMode: string, parameters: readonly Parameter[]): string {
  assertVisitable(uri);
  const answer = new URLSearchParams(parameters.map(({ name, value }) => [name, value])).toString();
  if (answer === '') return uri;
  if (responseMode === 'fragment') return `${uri}#${answer}`;
  const joint = !uri.includes('?') ? '?' : /[?&]$/.test(uri) ? '' : '&';
  return `${uri}${joint}${answer}`;
}

/** Form post is a page of ours that posts: to web addresses only. */
export function assertPostable(uri: string): void {
  if (!/^https?:\/\//i.test(uri)) throw new Error('form_post to a redirect URI that is no web address');
}

function assertVisitable(uri: string): void {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(uri)?.[0].toLowerCase();
  if (scheme === undefined || never.has(scheme)) throw new Error('a redirect URI with a scheme that is never visited');
}
