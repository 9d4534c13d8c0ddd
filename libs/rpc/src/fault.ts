import { Fault } from '@authority/contracts/rpc';
import { OAuthError, type OAuthErrorCode, type Reason, reasons, routine, StatusError, type StatusCode } from '@authority/errors';
import { log } from '@authority/telemetry';

/** gRPC status codes by number (https://grpc.io/docs/guides/status-codes/). */
const codeNumbers: Readonly<Record<StatusCode, number>> = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
};
const codeNames = new Map<number, StatusCode>(
  Object.entries(codeNumbers).map(([name, number]) => [number, name as StatusCode]), // keys of the record above
);
const knownReasons: ReadonlySet<string> = new Set(reasons);

/** The metadata key of a fault on a unary call. */
export const faultKey = 'authority-fault-bin';

/**
 * Error -> wire: the only place where an error becomes a message. What is not expected is logged here, once, with its
 * cause, and leaves as INTERNAL without its text.
 */
export function faultOf(error: unknown, path: string): Fault {
  if (error instanceof OAuthError) {
    log[routine.has(error.reason) ? 'debug' : 'info']('rpc.refused', { rpc: path, error: error.error, reason: error.reason });
    return Fault.create({
      code: codeNumbers.INVALID_ARGUMENT,
      oauth_error: error.error,
      reason: error.reason,
      description: error.description ?? '',
      challenge: error.challenge ?? '',
      dpop_nonce: error.dpopNonce ?? '',
    });
  }
  if (error instanceof StatusError) {
    // An item that changes its lane is not refused: it is answered there.
    if (error.reason !== 'lane_changed') log.info('rpc.refused', { rpc: path, status: error.code, reason: error.reason });
    return Fault.create({
      code: codeNumbers[error.code],
      reason: error.reason,
      description: error.message,
      retry_after_ms: error.retryAfterMs ?? 0,
      violations: [...error.violations],
    });
  }
  log.error('rpc.fault', { rpc: path, cause: error });
  return Fault.create({ code: codeNumbers.INTERNAL, reason: 'internal', description: 'internal error' });
}

/** Wire -> error: the same classes on the caller's side. A reason of a newer release becomes `internal`. */
export function errorOf(fault: Fault): OAuthError | StatusError {
  const reason = (knownReasons.has(fault.reason) ? fault.reason : 'internal') as Reason; // checked just before
  if (fault.oauth_error) {
    return new OAuthError(fault.oauth_error as OAuthErrorCode, reason, {
      ...(fault.description && { description: fault.description }),
      ...(fault.challenge && { challenge: fault.challenge }),
      ...(fault.dpop_nonce && { dpopNonce: fault.dpop_nonce }),
    });
  }
  return new StatusError(codeNames.get(fault.code) ?? 'INTERNAL', reason, {
    message: fault.description,
    violations: fault.violations,
    ...(fault.retry_after_ms > 0 && { retryAfterMs: fault.retry_after_ms }),
  });
}

export function statusNumber(code: StatusCode): number {
  return codeNumbers[code];
}

/** A gRPC status without a fault of ours: the call never reached a handler, or lost it on the way. */
export function transportError(code: number, details: string, cause?: unknown): StatusError {
  const name = codeNames.get(code) ?? 'UNAVAILABLE';
  if (name === 'DEADLINE_EXCEEDED') return new StatusError(name, 'deadline_exceeded', { message: details, cause });
  if (name === 'CANCELLED') return new StatusError(name, 'cancelled', { message: details, cause });
  if (name === 'UNAVAILABLE') {
    return new StatusError(name, 'peer_unavailable', { message: details, retryAfterMs: 1000, cause });
  }
  if (name === 'RESOURCE_EXHAUSTED') return new StatusError(name, 'item_too_large', { message: details, cause });
  return new StatusError(name, 'internal', { message: details, cause });
}
