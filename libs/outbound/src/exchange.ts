import { type IncomingMessage, request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { connect as connectTls, type SecureContextOptions } from 'node:tls';
import { bareHost } from './allow-list.ts';
import { openTunnel } from './egress-proxy.ts';
import { OutboundError } from './outbound-error.ts';
import type { Address } from './resolve.ts';

export interface Exchange {
  readonly url: URL;
  readonly port: number;
  readonly addresses: readonly Address[];
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly proxy: URL | undefined;
  /** More trust, for tests; operators have NODE_EXTRA_CA_CERTS. */
  readonly ca: SecureContextOptions['ca'] | undefined;
}

export interface Answer {
  readonly status: number;
  /** Lower-case names; repeated ones joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** One request on one connection of its own: nothing is shared between those whom we ask. Redirects are not followed. */
export async function exchange(asked: Exchange): Promise<Answer> {
  const options = await requestOptions(asked);
  const request = asked.url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (response) => {
      response.on('error', () => {}); // told by the reading below; also when nobody reads
      readAnswer(response, asked).then(resolve, (error: unknown) => {
        outgoing.destroy();
        reject(error);
      });
    });
    outgoing.once('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new OutboundError('answer_malformed', asked.url.hostname, 'switched protocols'));
    });
    // `on`, not `once`: an error after the first would have no listener and end the process.
    outgoing.on('error', (error) => reject(asked.signal.aborted ? asked.signal.reason : failure(error, asked)));
    outgoing.end(asked.body);
  });
}

async function requestOptions(asked: Exchange): Promise<RequestOptions> {
  const { url, port, addresses, method, headers, signal, ca } = asked;
  const host = bareHost(url.hostname);
  const servername = isIP(host) === 0 ? host : '';
  const common = {
    host,
    port,
    method,
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, host: url.host, connection: 'close', 'accept-encoding': 'identity' },
    signal,
    maxHeaderSize: 16_384,
    ...(url.protocol === 'https:' ? { servername, minVersion: 'TLSv1.2' as const, ...(ca === undefined ? {} : { ca }) } : {}),
  };
  if (asked.proxy === undefined) return { ...common, agent: false, lookup: pinned(addresses), autoSelectFamily: true } as RequestOptions;
  return { ...common, ...(await tunnelled(asked, asked.proxy, host, servername)) };
}

/** Answers what was checked, whatever is asked: the connection cannot go anywhere else. */
function pinned(addresses: readonly Address[]): LookupFunction {
  const [first] = addresses;
  return (_host, { all }, answer) => {
    if (all) answer(null, [...addresses]);
    else answer(null, first?.address ?? '', first?.family ?? 4);
  };
}

async function tunnelled(asked: Exchange, proxy: URL, host: string, servername: string): Promise<RequestOptions> {
  const [first] = asked.addresses;
  if (first === undefined) throw new OutboundError('name_unknown', host, 'has no address');
  const socket = await openTunnel(proxy, first, asked.port, asked.signal);
  // No `agent: false` here: node would make an agent, and an agent asks no createConnection but its own.
  if (asked.url.protocol === 'http:') return { createConnection: () => socket };
  const { ca } = asked;
  // With a socket of its own, tls checks the certificate against `host` where there is no server name (an address).
  const createConnection = () => connectTls({ socket, host, servername, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) });
  return { createConnection };
}

async function readAnswer(response: IncomingMessage, asked: Exchange): Promise<Answer> {
  const host = asked.url.hostname;
  const encoding = response.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  // Small on the wire, huge when unpacked: nothing is ever unpacked.
  if (encoding !== '' && encoding !== 'identity') throw new OutboundError('encoding_refused', host, 'sent an encoded body');
  const tooLarge = () => new OutboundError('answer_too_large', host, `sent more than ${asked.maxBytes} bytes`);
  const stated = asked.method === 'HEAD' ? 0 : Number(response.headers['content-length'] ?? 0);
  if (stated > asked.maxBytes) throw tooLarge();

  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > asked.maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (asked.signal.aborted) throw asked.signal.reason;
    throw error instanceof OutboundError ? error : new OutboundError('unreachable', host, 'broke off its answer', error);
  }
  return { status: response.statusCode ?? 0, headers: plainHeaders(response), body: Buffer.concat(chunks, length) };
}

function plainHeaders(response: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

/** Codes of node and OpenSSL; the text of the other side is the cause, never the message. */
function failure(error: Error, asked: Exchange): OutboundError {
  const host = asked.url.hostname;
  if (error instanceof OutboundError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/^HPE_/.test(code)) return new OutboundError('answer_malformed', host, 'sent what is not HTTP', error);
  if (/^ERR_(?:TLS|SSL|OSSL)|CERT|EPROTO|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return new OutboundError('tls_failed', host, `failed the TLS handshake (${code})`, error);
  }
  return new OutboundError('unreachable', host, `cannot be reached (${code || error.name})`, error);
}
