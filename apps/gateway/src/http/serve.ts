import { routine } from '@authority/errors';
import { attributeNames, countRefusal, isTracing, log, observeHttp, span } from '@authority/telemetry';
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, HTTPMethods } from 'fastify';
import type { Answer } from './answer.ts';
import type { RenderRefusal } from './oauth-error.ts';
import { type Refusal, refusalOf } from './refusal.ts';
import type { EdgeRequest } from './request.ts';

export type Endpoint = (request: EdgeRequest) => Promise<Answer> | Answer;

/** One route: a method and a path below the issuer's, the function that answers, and how it shows a refusal. */
export interface Route {
  readonly method: HTTPMethods | HTTPMethods[];
  readonly path: string;
  readonly endpoint: Endpoint;
  readonly renderRefusal: RenderRefusal;
  /** The path is not below the issuer's (RFC 8414 §3.1 puts its own before it). */
  readonly absolute?: boolean;
  /** HEAD as well: only where GET changes nothing. */
  readonly head?: boolean;
  /** Asked so often that Fastify's part of it counts: answered before its router (hot-paths.ts). */
  readonly hot?: boolean;
}

/**
 * Registers routes on the Fastify instance that Nest runs on: no guard, interceptor or pipe, no framework parser.
 * Everything that every request has in common is here, so that no endpoint can forget it: the span, the metric, the one
 * log line of a refusal, the rendering of whatever was thrown.
 */
export function serve(instance: FastifyInstance, prefix: string, routes: readonly Route[]): void {
  for (const { method, path, endpoint, renderRefusal, absolute, head = false } of routes) {
    const url = absolute ? path : prefix + path;
    instance.route({
      method,
      url,
      exposeHeadRoute: head,
      handler: (request, reply) => answer(request, reply.hijack().raw, url, endpoint, renderRefusal),
      // Bodies that are too large or have no readable type never reach the handler.
      errorHandler: (error, request, reply) =>
        send(reply.hijack().raw, refuse(request, url, error, renderRefusal), request, url, performance.now()),
    });
  }
}

/** Answers one request: the endpoint, or how its refusal looks; the span around it. */
export function answer(request: EdgeRequest, reply: ServerResponse, route: string, endpoint: Endpoint, render: RenderRefusal) {
  const startedAt = performance.now();
  if (!isTracing()) return reached(request, reply, route, endpoint, render, startedAt);
  const attributes = { [attributeNames.httpMethod]: request.method, [attributeNames.httpRoute]: route };
  // Every request begins a trace of its own: the trace ids of strangers are not ours to carry.
  return span(`${request.method} ${route}`, attributes, () => reached(request, reply, route, endpoint, render, startedAt), {
    kind: 'server',
    parent: 'root',
  });
}

async function reached(
  request: EdgeRequest,
  reply: ServerResponse,
  route: string,
  endpoint: Endpoint,
  render: RenderRefusal,
  startedAt: number,
): Promise<void> {
  let answered: Answer;
  try {
    answered = await endpoint(request);
  } catch (thrown) {
    answered = refuse(request, route, thrown, render);
  }
  return send(reply, answered, request, route, startedAt);
}

/** Turns whatever was thrown into an answer, and logs it. */
export function refuse(request: EdgeRequest, route: string, thrown: unknown, render: RenderRefusal): Answer {
  const refusal = refusalOf(thrown);
  logRefusal(request.method, route, refusal);
  return render(refusal, request);
}

/** One line for each request that was not served; a fault with its cause, once (style.md, 15). */
export function logRefusal(method: string, route: string, refusal: Refusal): void {
  const { status, error, reason, reference, fault } = refusal;
  countRefusal(reason);
  const fields = { method, route, status, error, reason, reference };
  if (fault !== undefined) log.error('http.fault', { ...fields, fault });
  else if (status >= 500) log.warn('http.refused', fields);
  else log[routine.has(reason) ? 'debug' : 'info']('http.refused', fields);
}

/** Straight to Node's response: Fastify's own way would add a charset to JSON, and costs more than the whole rest here. */
export function send(response: ServerResponse, answered: Answer, request: EdgeRequest, route: string, startedAt: number): void {
  const { status, headers, body, cookies = [] } = answered;
  for (const cookie of cookies) response.appendHeader('set-cookie', cookie);
  // Refused before it was read (too large): whatever still comes is not worth receiving.
  if (!request.raw.complete) response.setHeader('connection', 'close');
  // RFC 9110 §8.6: neither has a length of its own.
  response.writeHead(status, status === 204 || status === 304 ? headers : { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
  observeHttp({ method: request.method, route, status }, (performance.now() - startedAt) / 1000);
}
