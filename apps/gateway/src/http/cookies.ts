import { createHash, randomBytes } from 'node:crypto';
import type { Issuer } from './issuer.ts';

/** The cookies of this server, each by its purpose. */
export type CookieName = 'session' | 'browser' | 'csrf' | 'state';

export interface Cookies {
  /** What the browser calls it. */
  nameOf(name: CookieName): string;
  read(header: string | undefined, name: CookieName): string;
  /** A `Set-Cookie` value. Without `maxAgeMs` the cookie ends with the browser's own session. */
  set(name: CookieName, value: string, maxAgeMs?: number): string;
  clear(name: CookieName): string;
}

/** All that our own cookies hold: base64url and the marks of a handle. Whatever else a browser sends is no value of ours. */
const shape = /^[A-Za-z0-9_\-.~]{1,512}$/;

/**
 * `__Host-` (RFC 6265bis §4.1.3.2) where the issuer is https: no other host, and no plain http, can plant one. On
 * loopback http the port is in the name, because cookies do not tell ports apart and people run several servers.
 */
export function cookiesFor(issuer: Issuer): Cookies {
  const nameOf = (name: CookieName): string => (issuer.secure ? `__Host-authority-${name}` : `authority-${name}-${issuer.port}`);
  const secure = issuer.secure ? '; Secure' : '';
  const kept = `Path=/; HttpOnly; SameSite=Lax${secure}`;
  // `state` is for the script of the check_session_iframe, in frames of other sites (Session Management §4.2). Browsers
  // take SameSite=None with Secure only.
  const read = `Path=/; SameSite=${issuer.secure ? 'None' : 'Lax'}${secure}`;
  const attributesOf = (name: CookieName): string => (name === 'state' ? read : kept);
  return {
    nameOf,
    read: (header, name) => readCookie(header, nameOf(name)),
    set(name, value, maxAgeMs) {
      const age = maxAgeMs === undefined ? '' : `; Max-Age=${Math.max(0, Math.floor(maxAgeMs / 1000))}`;
      return `${nameOf(name)}=${value}; ${attributesOf(name)}${age}`;
    },
    clear: (name) => `${nameOf(name)}=; ${attributesOf(name)}; Max-Age=0`,
  };
}

function readCookie(header: string | undefined, name: string): string {
  if (header === undefined) return '';
  const found: string[] = [];
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) found.push(pair.slice(equals + 1).trim());
  }
  // Two of one name: one was planted for another path or domain, and nothing tells which. Neither counts.
  const [value = ''] = found;
  return found.length === 1 && shape.test(value) ? value : '';
}

/** 256 bits that nobody guesses. */
export const randomValue = (): string => randomBytes(32).toString('base64url');

/** What other services learn of the browser cookie: enough to recognise it, not enough to present it. */
export const browserBinding = (value: string): string => (value === '' ? '' : createHash('sha256').update(value).digest('base64url'));
