import { BlockList, isIP } from 'node:net';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Who may say for whom it speaks. */
export interface TrustedProxies {
  has(address: string): boolean;
}

/** Addresses and networks (`10.0.0.0/8`, `::1`). Throws with the entry that is neither. */
export function trustedProxies(entries: readonly string[]): TrustedProxies {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix, more] = entry.split('/');
    const family = isIP(address);
    const bits = prefix === undefined ? undefined : Number(prefix);
    const known = family !== 0 && more === undefined && (bits === undefined || isPrefix(prefix ?? '', bits, family));
    if (!known) throw new Error(`${entry} is neither an address nor a network`);
    const kind = family === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, kind);
    else list.addSubnet(address, bits, kind);
  }
  return { has: (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') };
}

const isPrefix = (text: string, bits: number, family: number): boolean => /^\d{1,3}$/.test(text) && bits <= (family === 6 ? 128 : 32);

/** The other end of the connection: a proxy of ours, or whoever there is. */
export const socketAddress = ({ socket }: Pick<IncomingMessage, 'socket'>): string => unmapped(socket.remoteAddress ?? '');

/**
 * The address of whoever is behind our own proxies: from the nearest hop backwards, the first that is not trusted. Only a
 * trusted peer's headers are read at all, so a client cannot choose its address (RFC 7239 §8.1).
 */
export function peerAddress(socketAddress: string | undefined, headers: IncomingHttpHeaders, trusted: TrustedProxies): string {
  let current = unmapped(socketAddress ?? '');
  if (!trusted.has(current)) return current;
  for (const hop of forwardedHops(headers).reverse()) {
    // What a proxy could not name (`unknown`, `_hidden`) ends the chain: the last address that is known counts.
    if (isIP(hop) === 0) return current;
    current = hop;
    if (!trusted.has(current)) return current;
  }
  return current;
}

/** RFC 7239 §4 where it is sent, else X-Forwarded-For; never both, for they may disagree. */
function forwardedHops(headers: IncomingHttpHeaders): string[] {
  const { forwarded } = headers;
  if (forwarded !== undefined) {
    return forwarded.split(',').map((element) => bare(/(?:^|;)\s*for=("[^"]*"|[^;\s]*)/i.exec(element.trim())?.[1] ?? ''));
  }
  const list = headers['x-forwarded-for'];
  const text = Array.isArray(list) ? list.join(',') : (list ?? '');
  return text === '' ? [] : text.split(',').map((one) => bare(one.trim()));
}

/** Without quotes, brackets and port. */
function bare(node: string): string {
  const text = node.replace(/^"|"$/g, '');
  const bracketed = /^\[([0-9a-f:.]+)\](?::\d+)?$/i.exec(text);
  if (bracketed?.[1] !== undefined) return bracketed[1];
  return unmapped(/^[\d.]+:\d+$/.test(text) ? text.slice(0, text.indexOf(':')) : text);
}

/** An IPv4 address on a dual-stack socket is the same address. */
const unmapped = (address: string): string => (/^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address);
