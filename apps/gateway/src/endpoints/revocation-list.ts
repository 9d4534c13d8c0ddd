import { StatusError } from '@authority/errors';
import { log } from '@authority/telemetry';
import type { Endpoint } from '../http/serve.ts';
import type { Peers } from '../peers/peers.ts';
import { type Document, serveDocument } from './published.ts';

/** No older copy is served: a verifier that cannot ask must know that it cannot. */
const longestStaleMs = 2_500;

/**
 * The signed revocation list (house.md, "One revocation set"): fetched by a timer like the other documents, but, unlike
 * them, unavailable as soon as it may say too little.
 */
export function publishRevocations({ token }: Pick<Peers, 'token'>, everyMs: number): { endpoint: Endpoint; stop(): void } {
  let list: Document | undefined;
  let goodAt = 0;
  let isFailing = false;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const refresh = async (): Promise<void> => {
    const startedAt = Date.now();
    try {
      const answer = await token.getRevocationList({ etag: list?.etag ?? '' }, { idempotent: true });
      if (answer.body !== '') list = documentOf(answer);
      goodAt = startedAt;
      isFailing = false;
    } catch (error) {
      if (!isFailing && !stopped) log.warn('published.revocations_unreachable', { error });
      isFailing = true;
    }
    if (!stopped) timer = setTimeout(refresh, everyMs).unref();
  };
  void refresh();

  return {
    endpoint(request) {
      if (Date.now() - goodAt > longestStaleMs) throw new StatusError('UNAVAILABLE', 'revocations_stale', { retryAfterMs: 1000 });
      return serveDocument(list, request.headers['if-none-match']);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function documentOf({ body, etag }: { body: string; etag: string }): Document {
  const headers = {
    etag: `"${etag}"`,
    // A cache may keep it, and must ask each time.
    'cache-control': 'public, no-cache',
    'x-content-type-options': 'nosniff',
  };
  return {
    etag,
    answer: { status: 200, headers: { 'content-type': 'application/jwt', ...headers }, body: Buffer.from(body) },
    unchanged: { status: 304, headers, body: '' },
  };
}
