import { OAuthError, type Reason, StatusError } from '@authority/errors';
import { countRefusal, log } from '@authority/telemetry';
import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { detailsKey, statusDetails } from './status-details.ts';

/**
 * Error -> plain gRPC status with google.rpc details (style.md 14). Logged here and only here; what is not expected
 * leaves as INTERNAL without its text.
 */
export function statusOf(error: unknown, path: string): StatusObject {
  const refusal = asStatusError(error);
  if (refusal === undefined) {
    log.error('admin.fault', { rpc: path, error });
    return statusObject(status.INTERNAL, 'internal error; the log of the admin service has the details', new Metadata());
  }
  const { code, reason, message, violations, retryAfterMs } = refusal;
  log.info('admin.refused', { rpc: path, status: code, reason });
  countRefusal(reason);
  const text = message || words(reason);
  const metadata = new Metadata();
  if (violations.length > 0 || retryAfterMs !== undefined) {
    metadata.set(detailsKey, statusDetails({ code: status[code], message: text, violations, retryAfterMs }));
  }
  return statusObject(status[code], text, metadata);
}

function statusObject(code: status, details: string, metadata: Metadata): StatusObject {
  return { code, details: printable(details), metadata };
}

/** OAuth's words mean nothing on a gRPC API: a refused client metadata is a wrong argument. */
function asStatusError(error: unknown): StatusError | undefined {
  if (error instanceof StatusError) return error.code === 'INTERNAL' ? undefined : error;
  if (!(error instanceof OAuthError) || error.error === 'server_error') return undefined;
  const code = error.error === 'temporarily_unavailable' ? 'UNAVAILABLE' : 'INVALID_ARGUMENT';
  return new StatusError(code, error.reason, { message: error.description ?? words(error.reason), cause: error });
}

const words = (reason: Reason): string => reason.replaceAll('_', ' ');

/** One line, so that tools show all of it. */
function printable(text: string): string {
  return text.replace(/[\0-\x1f\x7f]+/g, ' ').slice(0, 1024);
}
