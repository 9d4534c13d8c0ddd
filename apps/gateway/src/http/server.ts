import type { Socket } from 'node:net';
import { type ConfigFile } from '@authority/config';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyServerOptions } from 'fastify';
import { mostBodyBytes } from './body.ts';

export interface ServerOptions {
  readonly tlsCert?: ConfigFile | undefined;
  readonly tlsKey?: ConfigFile | undefined;
  readonly tlsClientCa?: ConfigFile | undefined;
  readonly tlsClientCertificates?: boolean | undefined;
}

/** Whether the listener asks its clients for certificates. Browsers show a choice only for authorities that they have one of. */
export function asksForCertificates({ tlsCert, tlsClientCa, tlsClientCertificates }: ServerOptions): boolean {
  return tlsCert !== undefined && (tlsClientCa !== undefined || tlsClientCertificates === true);
}

/** Whoever has not sent a whole request by then is not going to (slow loris). */
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 20_000;
/** Longer than usual proxies keep an idle connection, so that they close first. */
const keepAliveTimeoutMs = 75_000;
/** A request target with an id_token_hint, and cookies. */
const mostHeaderBytes = 16 * 1024;
/** RFC 7592's client_id; whatever is longer is none of ours. */
const longestPathParameter = 256;

/** Fastify under Nest, with limits on everything that a stranger chooses the size or speed of. */
export function fastifyAdapter(options: ServerOptions): FastifyAdapter {
  const { tlsCert, tlsKey } = options;
  const limits = {
    bodyLimit: mostBodyBytes,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    return503OnClosing: false,
    forceCloseConnections: 'idle' as const,
    logger: false,
    clientErrorHandler,
    routerOptions: { maxParamLength: longestPathParameter, ignoreTrailingSlash: false, caseSensitive: true },
  } satisfies FastifyServerOptions;
  const http = { maxHeaderSize: mostHeaderBytes, headersTimeout: headersTimeoutMs, connectionsCheckingInterval: 2_000 };
  // `skipMiddie`: no Express middleware is ever used, and it would cost every request a turn.
  const adapter =
    tlsCert === undefined || tlsKey === undefined
      ? new FastifyAdapter({ ...limits, http, skipMiddie: true })
      : new FastifyAdapter({ ...limits, skipMiddie: true, https: { ...http, ...tls(options, tlsCert, tlsKey) } });
  acceptBytes(adapter);
  return adapter;
}

function tls(options: ServerOptions, cert: ConfigFile, key: ConfigFile) {
  // One that does not verify is let in, and said to be so: whether one is needed, and of whom, is a matter of the client
  // (RFC 8705 §2). Without authorities none verifies, not even those that Node would trust by itself.
  const authorities = { ca: options.tlsClientCa?.bytes ?? [], requestCert: true, rejectUnauthorized: false };
  const asked = asksForCertificates(options) ? authorities : {};
  return { cert: cert.bytes, key: key.bytes, minVersion: 'TLSv1.2' as const, ...asked };
}

/** Every body arrives as bytes, whatever its type says: the endpoint that reads it decides what it accepts. */
function acceptBytes(adapter: FastifyAdapter): void {
  const instance = adapter.getInstance();
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: mostBodyBytes }, (_request, body, done) => done(null, body));
}

/** What is no HTTP at all, or too large or too slow for it, is answered on the bare socket. */
function clientErrorHandler(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  const body = '{"error":"invalid_request"}';
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}
