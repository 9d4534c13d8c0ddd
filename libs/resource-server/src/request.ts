/** As much of a request as the guard reads: node:http, Express and Fastify have it. */
export interface GuardRequest {
  method?: string | undefined;
  url?: string | undefined;
  /** Express: the address before a router cut it. */
  originalUrl?: string | undefined;
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  socket?: unknown;
}

/** As much of a response as the guard writes: node:http and Express have it; Fastify's is `reply.raw`. */
export interface GuardResponse {
  setHeader(name: string, value: string | readonly string[]): unknown;
  statusCode: number;
  end(body?: string): unknown;
}

export function pathOf({ originalUrl, url }: GuardRequest): string {
  return originalUrl ?? url ?? '/';
}

/** The one value of a header; an empty list for none. Repeated ones stay apart, so that nobody takes the wrong one. */
export function valuesOf({ headers }: GuardRequest, name: string): readonly string[] {
  const value = headers[name];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
