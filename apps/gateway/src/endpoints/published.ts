import { StatusError } from '@authority/errors';
import { log } from '@authority/telemetry';
import type { Answer } from '../http/answer.ts';
import { publishRevocations } from './revocation-list.ts';
import type { Endpoint } from '../http/serve.ts';
import type { Peers } from '../peers/peers.ts';

/** The documents that everybody reads and nobody asks a peer for: metadata, key set and revocation list. */
export interface Published {
  /** OpenID Connect Discovery §4 and RFC 8414 §3: one document in both places. */
  readonly metadata: Endpoint;
  /** RFC 7517 §5. */
  readonly jwks: Endpoint;
  /** What has been revoked; unavailable as soon as it may have become old. */
  readonly revocations: Endpoint;
  readonly recentRevocations: Endpoint;
  /** Whether the metadata has a member of this name now: what the token service offers, the edge serves. */
  names(member: string): boolean;
  /** True from the first contact on: afterwards the last good copy serves while token is away. */
  ready(): boolean;
  stop(): void;
}

export interface Document {
  readonly etag: string;
  readonly answer: Answer;
  readonly unchanged: Answer;
}

/** contract of issue 2: a change of keys or metadata is seen within a second. */
const refreshEveryMs = 500;

/**
 * Fetched by a timer and never by a request, so that a token service that hangs holds up nobody. The first fetch begins
 * at once; its failure only leaves the gateway not ready.
 */
export function publish({ token }: Pick<Peers, 'token'>, everyMs: number = refreshEveryMs): Published {
  let metadata: Document | undefined;
  let members: ReadonlySet<string> = new Set();
  let jwks: Document | undefined;
  const revocations = publishRevocations({ token }, everyMs);
  let reachable = true;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const refresh = async (): Promise<void> => {
    try {
      const [one, other] = await Promise.all([token.getMetadata({}, { idempotent: true }), token.getJwks({}, { idempotent: true })]);
      if (one.etag !== metadata?.etag || metadata === undefined) {
        metadata = documentOf(one, 'application/json');
        members = new Set(Object.keys(JSON.parse(one.body)));
      }
      if (other.etag !== jwks?.etag || jwks === undefined) jwks = documentOf(other, 'application/jwk-set+json');
      if (!reachable) log.info('published.reachable');
      reachable = true;
    } catch (error) {
      if (reachable && !stopped) log.warn('published.unreachable', { error });
      reachable = false;
    }
    if (!stopped) timer = setTimeout(refresh, everyMs).unref();
  };
  void refresh();

  return {
    metadata: (request) => serveDocument(metadata, request.headers['if-none-match']),
    jwks: (request) => serveDocument(jwks, request.headers['if-none-match']),
    revocations: revocations.whole,
    recentRevocations: revocations.recent,
    names: (member) => members.has(member),
    ready: () => metadata !== undefined && jwks !== undefined,
    stop() {
      stopped = true;
      clearTimeout(timer);
      revocations.stop();
    },
  };
}

function documentOf({ body, etag }: { body: string; etag: string }, type: string): Document {
  const headers = {
    etag: `"${etag.replace(/[^A-Za-z0-9_\-.]/g, '')}"`,
    // Short: a key that is new today signs tokens a second from now. `must-revalidate` costs 304s only.
    'cache-control': 'public, max-age=15, must-revalidate',
    'x-content-type-options': 'nosniff',
    // Public: any page may read them (Fetch §3.2).
    'access-control-allow-origin': '*',
  };
  return {
    etag,
    answer: { status: 200, headers: { 'content-type': type, ...headers }, body: Buffer.from(body) },
    unchanged: { status: 304, headers, body: '' },
  };
}

export function serveDocument(document: Document | undefined, ifNoneMatch: string | undefined): Answer {
  if (document === undefined) throw new StatusError('UNAVAILABLE', 'peer_unavailable', { retryAfterMs: 1000 });
  if (ifNoneMatch === undefined) return document.answer;
  const known = ifNoneMatch.split(',').map((one) => one.trim().replace(/^W\//, ''));
  const matches = known.includes('*') || known.includes(document.answer.headers.etag ?? '');
  return matches ? document.unchanged : document.answer;
}
