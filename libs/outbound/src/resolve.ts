import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type AllowList, bareHost } from './allow-list.ts';
import { isPublicAddress } from './address-rules.ts';
import { Gate } from './gate.ts';
import { OutboundError } from './outbound-error.ts';

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** A name to all its addresses. The operating system's resolver by default, so that hosts files and search domains count. */
export type Resolver = (host: string) => Promise<readonly Address[]>;

export const systemResolver: Resolver = (host) => lookup(host, { all: true, order: 'verbatim' });

/**
 * getaddrinfo blocks one of libuv's four threads, which password hashing and file reads share: names that resolve
 * slowly on purpose may hold two of them and no more, however many requests for them have come and gone. One gate for
 * all that resolve in the same way.
 */
const lookups = new WeakMap<Resolver, Gate>();

function lookupsOf(resolver: Resolver): Gate {
  const gate = lookups.get(resolver) ?? new Gate({ perKey: 2, total: 2, waiting: 256 });
  lookups.set(resolver, gate);
  return gate;
}

/** Where a request may connect: resolved once, every address checked, and nothing is resolved again after it. */
export async function pinAddresses(
  url: URL,
  port: number,
  { allow, resolver, signal }: { allow: AllowList; resolver: Resolver; signal: AbortSignal },
): Promise<readonly Address[]> {
  const host = bareHost(url.hostname);
  const addresses = await addressesOf(host, resolver, signal);
  const listed = allow.hasHost(host, port);
  for (const { address } of addresses) {
    // One bad address refuses them all: an attacker's name server mixes good and bad ones.
    if (!listed && !isPublicAddress(address) && !allow.hasAddress(address, port)) {
      throw new OutboundError('address_refused', host, `leads to ${address}, which is not public and not listed`);
    }
  }
  const mayBePlain = listed || addresses.every(({ address }) => allow.hasAddress(address, port));
  if (url.protocol === 'http:' && !mayBePlain) throw new OutboundError('url_refused', host, 'http is for listed hosts only');
  return addresses;
}

async function addressesOf(host: string, resolver: Resolver, signal: AbortSignal): Promise<readonly Address[]> {
  const literal = isIP(host);
  if (literal !== 0) return [{ address: host, family: literal }];

  // The caller goes when its time is over; the thread is free only when the look-up has ended.
  const lookedUp = lookupsOf(resolver).run('', signal, () => resolver(host));
  const addresses = await untilAborted(lookedUp, signal).catch((cause: unknown) => {
    if (cause instanceof OutboundError || signal.aborted) throw cause;
    throw new OutboundError('name_unknown', host, 'cannot be resolved', cause);
  });
  if (addresses.length === 0) throw new OutboundError('name_unknown', host, 'has no address');
  return addresses;
}

/** A look-up cannot be cancelled; its caller can stop waiting. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
