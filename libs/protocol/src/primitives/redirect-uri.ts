import type { Client } from '../model/client.ts';
import { isPublic } from '../model/client.ts';

/** RFC 3986 §2 characters, percent signs only before two hex digits. No backslash, space, quote or control character. */
const uriCharacters = /^(?:[A-Za-z0-9\-._~:/?[\]@!$&'()+,;=]|%[0-9A-Fa-f]{2})*$/;

/** A name or an address. A URL parser also takes `;`, `,` and quotes in one, which are more than text in a header (CSP). */
const hostCharacters = /^(?:[a-z0-9\-._]+|\[[0-9a-f:.]+\])$/;

/** A loopback redirect of a native app (RFC 8252 §7.3), taken apart by its text, not by a parser that would tidy it. */
const loopback = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::(\d{1,5}))?((?:[/?].*)?)$/s;

/** A private-use scheme (RFC 8252 §7.1): a domain name in reverse order, so with a dot. */
const privateUse = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:/;

/**
 * Whether the client registered this redirect URI: compared character by character (RFC 9700 §2.1), only the port of a
 * loopback redirect may differ (RFC 8252 §7.3).
 */
export function isRegistered(client: Client, uri: string): boolean {
  return client.redirect_uris.includes(uri) || client.redirect_uris.some((registered) => differsInPort(client, registered, uri));
}

function differsInPort(client: Client, registered: string, uri: string): boolean {
  const one = loopback.exec(registered);
  if (!one) return false;
  const other = loopback.exec(uri);
  if (!other || one[1] !== other[1] || one[3] !== other[3] || Number(other[2] ?? '80') > 65535) return false;
  const native = client.application_type === 'native';
  // RFC 9700 §2.1 has `localhost` for native apps only; the IP literals also for a public client that did not say its type.
  return native || (isPublic(client) && one[1] !== 'localhost');
}

/** What is wrong with a redirect URI that somebody wants to register, or undefined. */
export function redirectUriFault(uri: string, application_type: 'web' | 'native'): string | undefined {
  if (uri.length > 2048) return 'is longer than 2048 characters';
  if (uri.includes('#')) return 'must not have a fragment';
  if (uri.includes('*')) return 'must not have a wildcard';
  if (!uriCharacters.test(uri)) return 'holds characters that a URI cannot hold';
  if (privateUse.test(uri)) {
    if (application_type !== 'native') return 'has a private-use scheme, which is for native applications';
    return authorityOf(uri).includes('@') ? 'must not have user information' : undefined;
  }
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return 'must be https, loopback http, or a private-use scheme with a dot';
  if (authorityOf(uri).includes('@')) return 'must not have user information';
  if (!isCanonical(uri, url)) return 'must be written in its normal form';
  if (url.protocol === 'http:' && !loopback.test(uri)) return 'must be https unless its host is loopback';
  return undefined;
}

function authorityOf(uri: string): string {
  return /^[^:]+:\/\/([^/?#]*)/.exec(uri)?.[1] ?? '';
}

/**
 * A browser reads the text as it stands: no dot segments (plain or encoded), no other spelling of a host or an address,
 * no dot at the end of a name. Otherwise two texts could mean one place, or one text another place than it shows.
 */
function isCanonical(uri: string, url: URL): boolean {
  if (!hostCharacters.test(url.hostname) || url.hostname.endsWith('.')) return false;
  const authority = authorityOf(uri);
  const host = authority.replace(/:\d+$/, '');
  if (host !== url.hostname) return false;
  const port = authority.slice(host.length + 1);
  if (port !== url.port && port !== (url.protocol === 'https:' ? '443' : '80')) return false;
  const rest = uri.slice(uri.indexOf('//') + 2 + authority.length);
  const path = /^[^?]*/.exec(rest)?.[0] ?? '';
  return path === url.pathname || (path === '' && url.pathname === '/');
}

/**
 * Whether an answer at this URI can only reach the client that it was registered for. A loopback port or a private-use
 * scheme can be taken by any app on the device (RFC 8252 §8.6); a client with credentials proves itself at the token
 * endpoint.
 */
export function provesClient(client: Client, uri: string): boolean {
  return !isPublic(client) || uri.startsWith('https://');
}

/** Where a page's form may lead (CSP `form-action`): an origin, or a scheme for private-use ones. */
export function originOf(uri: string): string {
  const url = new URL(uri);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.origin : url.protocol;
}
