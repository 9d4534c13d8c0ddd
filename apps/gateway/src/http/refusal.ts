import { randomBytes } from 'node:crypto';
import { OAuthError, type OAuthErrorCode, type Reason, StatusError, usualDescriptions } from '@authority/errors';
import { currentTrace } from '@authority/telemetry';

/** A request that was not served, in the edge's terms: what the caller is told, and what only the log says. */
export interface Refusal {
  readonly status: number;
  readonly error: OAuthErrorCode;
  readonly description: string;
  readonly reason: Reason;
  /** What the owner wants in `WWW-Authenticate`; the endpoint's own words else. */
  readonly challenge: string | undefined;
  /** `DPoP-Nonce` for the client's next proof (RFC 9449 §8). */
  readonly dpopNonce: string | undefined;
  /** Seconds. */
  readonly retryAfter: number | undefined;
  /** Ties what the person sees to the log line. */
  readonly reference: string;
  /** Set for what should not have happened: logged with its cause, never shown. */
  readonly fault: unknown;
}

/** Nobody but the gateway knows an HTTP status (style.md, 14). */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof OAuthError) return fromOAuth(thrown);
  if (thrown instanceof StatusError) return fromStatus(thrown);
  return fromFastify(thrown) ?? fault(thrown);
}

const forbidden: ReadonlySet<Reason> = new Set<Reason>(['csrf_mismatch', 'origin_foreign', 'registration_off']);

function fromOAuth(error: OAuthError): Refusal {
  const status = oauthStatus(error);
  return {
    ...blank(error.reason),
    status,
    error: error.error,
    description: error.description,
    challenge: error.challenge || undefined,
    dpopNonce: error.dpopNonce,
    retryAfter: status === 503 ? 1 : undefined,
    fault: error.error === 'server_error' ? error : undefined,
  };
}

function oauthStatus({ error, reason }: OAuthError): number {
  if (reason === 'body_too_large') return 413;
  if (reason === 'route_unknown') return 404;
  if (reason === 'method_not_allowed') return 405;
  if (forbidden.has(reason)) return 403;
  if (error === 'invalid_client' || error === 'invalid_token') return 401;
  if (error === 'insufficient_scope') return 403;
  if (error === 'server_error') return 500;
  if (error === 'temporarily_unavailable') return 503;
  return 400;
}

function fromStatus(error: StatusError): Refusal {
  const known = { ...blank(error.reason), description: error.violations[0]?.description ?? '' };
  const retryAfter = Math.max(1, Math.ceil((error.retryAfterMs ?? 1000) / 1000));
  switch (error.code) {
    case 'UNAVAILABLE':
    case 'DEADLINE_EXCEEDED':
    case 'CANCELLED':
    case 'ABORTED':
      return { ...known, status: 503, error: 'temporarily_unavailable', description: tryAgain, retryAfter };
    case 'RESOURCE_EXHAUSTED':
      // A throttle is about this caller, load shedding about us.
      return error.reason.startsWith('throttled')
        ? { ...known, status: 429, error: 'temporarily_unavailable', description: tooMany, retryAfter }
        : { ...known, status: 503, error: 'temporarily_unavailable', description: tryAgain, retryAfter };
    case 'INVALID_ARGUMENT':
    case 'NOT_FOUND':
    case 'FAILED_PRECONDITION':
    case 'ALREADY_EXISTS':
      return { ...known, status: forbidden.has(error.reason) ? 403 : 400, error: 'invalid_request' };
    case 'PERMISSION_DENIED':
      // A handle of another browser is the caller's doing; that we may not call a peer is ours.
      if (error.reason === 'peer_not_allowed') return { ...fault(error), reason: error.reason };
      return { ...known, status: 403, error: 'invalid_request' };
    default:
      // A peer that lets us not in, lacks a method or failed: nothing that the caller could mend.
      return { ...fault(error), reason: error.reason };
  }
}

/** What Fastify refuses before a route's function runs. */
function fromFastify(thrown: unknown): Refusal | undefined {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const as = (reason: Reason, description: string): Refusal =>
    fromOAuth(new OAuthError('invalid_request', reason, { description, cause: thrown }));
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return as('body_too_large', 'The body is larger than 64 KiB.');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return as('content_type_wrong', 'The content type is not well-formed.');
  if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') return as('encoding_invalid', 'The body is not as long as Content-Length says.');
  if (code === 'FST_ERR_BAD_URL' || code === 'FST_ERR_MAX_PARAM_LENGTH') return as('encoding_invalid', 'The path is not well-formed.');
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') return as('cancelled', 'The request ended early.');
  return undefined;
}

function fault(thrown: unknown): Refusal {
  return {
    ...blank('internal'),
    status: 500,
    error: 'server_error',
    description: usualDescriptions.server_error,
    fault: thrown ?? 'nothing was thrown',
  };
}

const blank = (reason: Reason): Refusal => ({
  status: 500,
  error: 'server_error',
  description: '',
  reason,
  challenge: undefined,
  dpopNonce: undefined,
  retryAfter: undefined,
  reference: reference(),
  fault: undefined,
});

/** Short enough to be read over a telephone; the trace's own beginning where there is one. */
function reference(): string {
  const hex = currentTrace()?.traceId.slice(0, 12) ?? randomBytes(6).toString('hex');
  return hex.replace(/(.{4})(?=.)/g, '$1-');
}

const tryAgain = 'The service cannot answer at the moment. Try again shortly.';
const tooMany = 'Too many attempts. Try again later.';
