import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { log } from './log.ts';

export interface ReadyState {
  readonly ready: boolean;
  /** What it hangs on, each with its own answer: `{ database: true, redis: false }`. */
  readonly parts?: Readonly<Record<string, boolean | string>>;
}

export interface MetricsServerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  ready(): ReadyState | boolean | Promise<ReadyState | boolean>;
  /** Looks at no store: a process that waits for its database must not be killed for it. */
  live?(): boolean;
}

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** `/metrics`, `/health/live`, `/health/ready` over plain HTTP: Kubernetes' probes and Prometheus, nobody else. */
export async function metricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { openScrape } = await import('./scrape.ts');
  const scrape = openScrape();
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000, maxHeaderSize: 8_192 }, (request, response) => {
    answer(request, response, options, scrape).catch((error: unknown) => {
      log.error('metrics_request_failed', { error });
      send(response, 500, 'text/plain; charset=utf-8', 'failed\n');
    });
  });
  await listening(server, options.listen);
  return {
    port: (server.address() as AddressInfo).port, // a TCP server that listens has one
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, { host, port }: MetricsServerOptions['listen']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      server.on('error', (error) => log.error('metrics_server_failed', { error }));
      resolve();
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: MetricsServerOptions,
  scrape: () => Promise<string>,
): Promise<void> {
  const path = request.url?.split('?', 1)[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'text/plain; charset=utf-8', 'GET only\n');
  if (path === '/metrics') return send(response, 200, 'text/plain; version=0.0.4; charset=utf-8', await scrape());
  if (path === '/health/live') return sendState(response, { ready: options.live?.() ?? true }, 'live');
  if (path === '/health/ready') return sendState(response, await readyState(options), 'ready');
  return send(response, 404, 'text/plain; charset=utf-8', 'not found\n');
}

async function readyState(options: MetricsServerOptions): Promise<ReadyState> {
  try {
    const state = await options.ready();
    return typeof state === 'boolean' ? { ready: state } : state;
  } catch (error) {
    log.warn('readiness_failed', { error });
    return { ready: false };
  }
}

function sendState(response: ServerResponse, state: ReadyState, word: string): void {
  const body = { status: state.ready ? word : `not ${word}`, ...(state.parts ? { parts: state.parts } : {}) };
  send(response, state.ready ? 200 : 503, 'application/json', `${JSON.stringify(body)}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'content-length': Buffer.byteLength(body) });
  // For HEAD node drops the body.
  response.end(body);
}
