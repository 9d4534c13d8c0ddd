import type { SecureContextOptions } from 'node:tls';
import { attributeNames, log as processLog, observeOutbound, span } from '@authority/telemetry';
import { bareHost, parseAllowList } from './allow-list.ts';
import { type Answer, exchange } from './exchange.ts';
import { Gate } from './gate.ts';
import { OutboundError } from './outbound-error.ts';
import { pinAddresses, type Resolver, systemResolver } from './resolve.ts';

export interface OutboundOptions {
  /** AUTHORITY_OUTBOUND_ALLOW: hosts, networks, host:port. A text that is none of them throws. */
  readonly allow: readonly string[];
  /** AUTHORITY_EGRESS_PROXY. */
  readonly egressProxy?: string | URL | undefined;
  readonly log?: Pick<typeof processLog, 'warn'>;
  /** Requests at once to one host (8). */
  readonly perHost?: number;
  readonly resolver?: Resolver;
  readonly ca?: SecureContextOptions['ca'];
}

export interface OutboundRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | URLSearchParams;
  /** The value of `Accept`. */
  readonly accept?: string;
  readonly maxBytes?: number;
  /** From the call to the last byte: resolution, queue and slow bodies included. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Outbound {
  /** Any status is an answer, 3xx too: a redirect is never followed. Throws an `OutboundError` and nothing else. */
  fetch(url: string | URL, request?: OutboundRequest): Promise<Answer>;
}

const usualMaxBytes = 64 * 1024;
/** Within the two seconds that the edge waits: who asks is told what is slow, and not that the server is. */
const usualTimeoutMs = 1_500;

/** The only HTTP client (house.md): it reaches the public Internet over https, and what the operator listed. */
export function createOutbound(options: OutboundOptions): Outbound {
  const { resolver = systemResolver, log = processLog, ca } = options;
  const allow = parseAllowList(options.allow);
  const proxy = options.egressProxy ? new URL(options.egressProxy) : undefined;
  const gate = new Gate({ perKey: options.perHost ?? 8, total: 128, waiting: 512, waitingPerKey: 64 });

  async function reach(url: URL, asked: OutboundRequest, signal: AbortSignal): Promise<Answer> {
    const port = portOf(url);
    return gate.run(bareHost(url.hostname), signal, async () => {
      const addresses = await pinAddresses(url, port, { allow, resolver, signal });
      const { method = 'GET', maxBytes = usualMaxBytes } = asked;
      return exchange({ url, port, addresses, method, ...contentOf(asked), maxBytes, signal, proxy, ca });
    });
  }

  return {
    async fetch(address, asked = {}) {
      const url = checkedUrl(address);
      const began = performance.now();
      const observe = (outcome: string): void => observeOutbound(outcome, (performance.now() - began) / 1000);
      try {
        const answer = await inTime(url, asked, (signal) => reach(url, asked, signal));
        observe(`${Math.floor(answer.status / 100)}xx`);
        return answer;
      } catch (cause) {
        const error = asOutboundError(cause, url, asked.signal);
        observe(error.reason);
        // Told here as well as by the caller: somebody's URL led to an inner address.
        if (error.reason === 'address_refused') log.warn('outbound_refused', { host: error.host, reason: error.reason, error });
        throw error;
      }
    },
  };
}

/** One deadline over everything that a request waits for. */
async function inTime(url: URL, asked: OutboundRequest, reach: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  const { timeoutMs = usualTimeoutMs } = asked;
  const deadline = new AbortController();
  const late = new OutboundError('timeout', url.hostname, `took longer than ${timeoutMs} ms`);
  const timer = setTimeout(() => deadline.abort(late), timeoutMs);
  const signal = asked.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, asked.signal]);
  try {
    const attributes = { [attributeNames.serverAddress]: url.hostname };
    return await span('outbound', attributes, () => reach(signal), { kind: 'client' });
  } finally {
    clearTimeout(timer);
    // Whatever still hangs on this request (a tunnel, a socket) ends with it.
    deadline.abort();
  }
}

function asOutboundError(cause: unknown, url: URL, caller: AbortSignal | undefined): OutboundError {
  if (cause instanceof OutboundError) return cause;
  if (caller?.aborted) return new OutboundError('cancelled', url.hostname, 'was cancelled', cause);
  return new OutboundError('unreachable', url.hostname, 'cannot be asked', cause);
}

function checkedUrl(address: string | URL): URL {
  const text = String(address);
  if (text.length > 4_096 || !URL.canParse(text)) throw new OutboundError('url_refused', 'unknown', 'is not a URL');
  const url = new URL(text);
  const refuse = (why: string): OutboundError => new OutboundError('url_refused', url.hostname, why);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('only https is spoken');
  if (url.username !== '' || url.password !== '') throw refuse('holds credentials');
  if (url.hostname === '') throw refuse('names no host');
  if (portOf(url) < 1) throw refuse('names no port');
  return url;
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** The caller's headers, but none that say where a request goes or how long it is. */
const ownHeaders = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'accept-encoding',
  'upgrade',
  'te',
  'expect',
  'proxy-authorization',
]);

function contentOf(asked: OutboundRequest): { headers: Record<string, string>; body: Buffer | undefined } {
  const headers: Record<string, string> = { 'user-agent': 'authority' };
  if (asked.accept !== undefined) headers.accept = asked.accept;
  if (asked.body instanceof URLSearchParams) headers['content-type'] = 'application/x-www-form-urlencoded';
  for (const [name, value] of Object.entries(asked.headers ?? {})) {
    if (!ownHeaders.has(name.toLowerCase())) headers[name.toLowerCase()] = value;
  }
  if (asked.body === undefined) return { headers, body: undefined };
  const body = Buffer.isBuffer(asked.body) ? asked.body : Buffer.from(String(asked.body));
  headers['content-length'] = String(body.length);
  return { headers, body };
}
