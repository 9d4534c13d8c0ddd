import { isIP } from 'node:net';
import { log } from '@authority/telemetry';

/** Whom passkeys are made for, and whose pages may ask for them (WebAuthn §4, "Relying Party"). */
export interface RelyingParty {
  /** The RP ID: the issuer's host, or a domain above it. */
  readonly id: string;
  readonly name: string;
  /** Whose pages, and which apps, an answer may come from; the issuer's origin is the first. */
  readonly origins: readonly string[];
}

export interface RelyingPartyRules {
  /** Empty: the issuer's host. */
  readonly id: string;
  readonly origins: readonly string[];
}

/**
 * From the issuer and the operator's settings alone, never from a request (WebAuthn §13.4.9). Undefined where browsers know no
 * passkeys: an RP ID is a domain, so there are none at an IP address, and none without https but at localhost.
 */
export function relyingParty(issuer: string, { id, origins }: RelyingPartyRules): RelyingParty | undefined {
  const { hostname, origin, protocol, host } = new URL(issuer);
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return undefined;
  if (protocol !== 'https:' && !isLocal(hostname)) return undefined;
  const name = host;
  if (id === '' || id === hostname) return { id: hostname, name, origins: [origin, ...origins] };
  if (isAbove(id, hostname)) return { id, name, origins: [origin, ...origins] };
  // A wrong domain would make passkeys that no page of ours can ask for; without any, people see that something is off.
  log.error('passkey.rp_id_foreign', { rp_id: id, issuer });
  return undefined;
}

/** As the settings have it now; what is wrong with them is said once. */
export function relyingPartyOf(issuer: string, rules: () => RelyingPartyRules): () => RelyingParty | undefined {
  let [known, rp]: [string, RelyingParty | undefined] = ['', undefined];
  return () => {
    const now = JSON.stringify(rules());
    if (now !== known) [known, rp] = [now, relyingParty(issuer, rules())];
    return rp;
  };
}

/** A registrable suffix of the host; that it is no public suffix (`co.uk`) is what every browser checks. */
const isAbove = (domain: string, host: string): boolean => domain.includes('.') && host.endsWith(`.${domain}`);

const isLocal = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

/** An origin of the web, or an app as Android names it (`android:apk-key-hash:<SHA-256 of its certificate>`). */
export function isOrigin(word: string): boolean {
  if (/^android:apk-key-hash:[\w-]{43}$/.test(word)) return true;
  if (!URL.canParse(word)) return false;
  const { origin, protocol, hostname } = new URL(word);
  return origin === word && isDomain(hostname) && (protocol === 'https:' || (protocol === 'http:' && isLocal(hostname)));
}

export const isDomain = (text: string): boolean => text.length <= 253 && /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/.test(text);
