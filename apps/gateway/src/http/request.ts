import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** A request as endpoints see it, whether Fastify routed it or a hot path did (hot-paths.ts). */
export interface EdgeRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** The body's bytes; absent when there was none. */
  readonly body: unknown;
  readonly params: unknown;
  readonly raw: IncomingMessage;
}
