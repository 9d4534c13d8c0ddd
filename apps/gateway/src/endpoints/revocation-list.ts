import { StatusError } from '@authority/errors';
import { log } from '@authority/telemetry';
import type { Endpoint } from '../http/serve.ts';
import type { Peers } from '../peers/peers.ts';
import { type Document, serveDocument } from './published.ts';

/** No older copy is served: a verifier that cannot ask must know that it cannot. */
const longestStaleMs = 2_000;
/** The whole list may be long, and what it lacks is in the recent one. */
const wholeEveryMs = 2_000;

/** The signed revocation lists (house.md, "One revocation set"). */
export interface PublishedRevocations {
  readonly whole: Endpoint;
  /** Of the last two minutes: short, and renewed as often as other documents are. */
  readonly recent: Endpoint;
  stop(): void;
}

export function publishRevocations(peers: Pick<Peers, 'token'>, everyMs: number): PublishedRevocations {
  const whole = follow(peers, false, Math.max(everyMs, wholeEveryMs));
  const recent = follow(peers, true, everyMs);
  return {
    whole: whole.endpoint,
    recent: recent.endpoint,
    stop() {
      whole.stop();
      recent.stop();
    },
  };
}

/** Fetched by a timer like the other documents, but, unlike them, unavailable as soon as it may say too little. */
function follow({ token }: Pick<Peers, 'token'>, recent: boolean, everyMs: number): { endpoint: Endpoint; stop(): void } {
  let list: Document | undefined;
  let goodAt = 0;
  let isFailing = false;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const refresh = async (): Promise<void> => {
    const startedAt = Date.now();
    try {
      const answer = await token.getRevocationList({ etag: list?.etag ?? '', recent }, { idempotent: true });
      if (answer.body !== '') list = documentOf(answer);
      goodAt = startedAt;
      isFailing = false;
    } catch (error) {
      if (!isFailing && !stopped) log.warn('published.revocations_unreachable', { error });
      isFailing = true;
    }
    if (!stopped) timer = setTimeout(refresh, isFailing ? Math.min(everyMs, 500) : everyMs).unref();
  };
  void refresh();

  return {
    endpoint(request) {
      const isStale = Date.now() - goodAt > everyMs + longestStaleMs;
      if (isStale) throw new StatusError('UNAVAILABLE', 'revocations_stale', { retryAfterMs: 1000 });
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
