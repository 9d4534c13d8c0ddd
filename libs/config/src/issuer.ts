import { custom, parseUrl } from './kinds.ts';
import { Refusal, type Setting } from './setting.ts';

/** RFC 8252 §7.3 and RFC 6761 §6.3: names and addresses that cannot leave the machine. */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.toLowerCase();
  if (host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || host === '::1') return true;
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/**
 * The issuer identifier (RFC 8414 §2): https, no query, no fragment. Compared by clients as a string, so it has one
 * spelling here: what the URL parser makes of it, without a slash at the end. It may have a path.
 */
export function parseIssuer(value: string): string {
  const url = parseUrl(value, ['https', 'http']);
  if (url.username !== '' || url.password !== '') throw new Refusal('must not hold a user name or password');
  // `?` and `#` alone leave no search or hash behind, so the text is asked.
  if (value.includes('?') || value.includes('#')) throw new Refusal('must have no query and no fragment');
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    throw new Refusal('must be https unless its host is loopback');
  }
  const path = url.pathname.replace(/\/$/, '');
  if (path.includes('//') || path.endsWith('/')) throw new Refusal('must not have an empty path segment');
  if (!/^[A-Za-z0-9\-._~/]*$/.test(path)) throw new Refusal('must have a path of letters, digits, and - . _ ~ only');
  return `${url.origin}${path}`;
}

/** Scheme, host and port of a second way to the same endpoints, which lie below the issuer's path there too (RFC 8705 §5). */
export function parseMtlsOrigin(value: string): string {
  const origin = parseIssuer(value);
  if (new URL(origin).pathname !== '/') throw new Refusal('must have no path: the issuer’s is used');
  return origin;
}

export const mtlsOriginSetting: Setting<string | undefined> = custom('origin', parseMtlsOrigin)
  .named('AUTHORITY_MTLS_ORIGIN')
  .optional()
  .doc(
    'Where clients with certificates find the endpoints that they call, if not at the issuer: told as mtls_endpoint_aliases (RFC 8705 §5).',
  );

export const issuerSetting: Setting<string> = custom('issuer', parseIssuer)
  .default('http://localhost:8080')
  .named('AUTHORITY_ISSUER')
  .doc('The issuer identifier, as clients see it. https, except on loopback. It may have a path; everything then lies below it.');
