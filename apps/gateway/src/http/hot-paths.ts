import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { OAuthError } from '@authority/errors';
import { log } from '@authority/telemetry';
import { mostBodyBytes } from './body.ts';
import type { EdgeRequest } from './request.ts';
import { answer, type Route, refuse, send } from './serve.ts';

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * The few addresses that clients ask all the time are answered before Fastify's router (performance.md 4): its part of a
 * token request costs a third of the edge's time. They are the same routes, and whatever is not exactly one of them
 * (another method, a query, an encoded path) goes on to Fastify, which has them too.
 */
export function putHotPathsFirst(server: Server, prefix: string, routes: readonly Route[]): void {
  const hot = new Map<string, Listener>();
  for (const route of routes) {
    if (!route.hot) continue;
    const path = route.absolute ? route.path : prefix + route.path;
    for (const method of [route.method].flat()) hot.set(`${method} ${path}`, listenerOf(route, path));
  }
  const others = server.listeners('request') as Listener[]; // a server's request listeners take these two
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const listener = hot.get(`${request.method} ${request.url}`);
    if (listener) listener(request, response);
    else for (const other of others) other.call(server, request, response);
  });
}

function listenerOf({ endpoint, renderRefusal }: Route, path: string): Listener {
  return (raw, response) => {
    const refuseNow = (error: unknown): void => {
      const request = requestOf(raw, undefined);
      send(response, refuse(request, path, error, renderRefusal), request, path, performance.now());
    };
    readBody(
      raw,
      (body) => {
        // Refusals are answers; what still comes out here is a fault of the rendering itself.
        answer(requestOf(raw, body), response, path, endpoint, renderRefusal).catch((error: unknown) => {
          log.error('http.unanswered', { route: path, error });
          response.destroy();
        });
      },
      (error) => refuseNow(error),
    );
  };
}

function requestOf(raw: IncomingMessage, body: Buffer | undefined): EdgeRequest {
  return { method: raw.method ?? '', headers: raw.headers, body, params: {}, raw };
}

/** Reads a body of at most 64 KiB. One that breaks off has nobody left to answer. */
function readBody(raw: IncomingMessage, done: (body: Buffer | undefined) => void, refused: (error: OAuthError) => void): void {
  const { 'content-length': length, 'transfer-encoding': coding } = raw.headers;
  if (length === undefined && coding === undefined) {
    raw.resume();
    done(undefined);
    return;
  }
  const tooLarge = (): void => {
    raw.removeAllListeners('data').removeAllListeners('end').pause();
    refused(new OAuthError('invalid_request', 'body_too_large', { description: 'The body is larger than 64 KiB.' }));
  };
  if (Number(length) > mostBodyBytes) {
    tooLarge();
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  raw.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > mostBodyBytes) tooLarge();
    else chunks.push(chunk);
  });
  raw.on('end', () => done(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size)));
}
