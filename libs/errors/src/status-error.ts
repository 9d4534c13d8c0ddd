import type { Reason } from './reason.ts';

/** The gRPC status codes that this system uses (https://grpc.io/docs/guides/status-codes/), by name. */
export type StatusCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'UNAUTHENTICATED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'RESOURCE_EXHAUSTED'
  | 'DEADLINE_EXCEEDED'
  | 'CANCELLED'
  | 'UNIMPLEMENTED'
  | 'UNAVAILABLE'
  | 'INTERNAL';

/** What is wrong with one field of a request, in the shape of google.rpc.BadRequest.FieldViolation. */
export interface FieldViolation {
  /** The path of the field, in wire spelling: `client.redirect_uris[0]`. */
  field: string;
  /** What is wrong and what would be right, for the person who sent it. */
  description: string;
}

export interface StatusErrorOptions {
  /** Text for the caller: what is wrong, and what to do. */
  message?: string;
  violations?: readonly FieldViolation[];
  /** How long the caller should wait before it tries again, in milliseconds. */
  retryAfterMs?: number;
  cause?: unknown;
}

/** An expected refusal of an RPC that is not an OAuth error: admin calls, stores that are away, throttles. */
export class StatusError extends Error {
  readonly code: StatusCode;
  readonly reason: Reason;
  readonly violations: readonly FieldViolation[];
  readonly retryAfterMs: number | undefined;

  constructor(code: StatusCode, reason: Reason, options: StatusErrorOptions = {}) {
    super(options.message ?? reason, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StatusError';
    this.code = code;
    this.reason = reason;
    this.violations = options.violations ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }
}
