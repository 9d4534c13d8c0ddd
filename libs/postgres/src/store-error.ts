import { StatusError } from '@authority/errors';

/** SQLSTATE classes and codes that say "not now": https://www.postgresql.org/docs/18/errcodes-appendix.html */
const connectionStates = /^(08|57P|53300|25006)/;
const timeoutStates = new Set(['57014', '55P03', '25P03', '25P04']);
const socketErrors = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENOTFOUND|EAI_|EADDRNOTAVAIL)/;
const driverTexts =
  /^(Connection terminated|timeout e(xceeded|xpired)|timeout exceeded when trying|Query read timeout|Client (was closed|has encountered)|Cannot use a pool after|The server (does not answer|is away)|Connection ended)/;

function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

function isLoss(error: unknown): boolean {
  const code = codeOf(error);
  if (connectionStates.test(code) || socketErrors.test(code)) return true;
  if (error instanceof AggregateError && error.errors.some(isLoss)) return true;
  return code === '' && error instanceof Error && driverTexts.test(error.message);
}

/** Whether the connection broke or was never there: the statement may have been applied, or not. */
export function isConnectionLost(error: unknown): boolean {
  return isLoss(error instanceof StatusError && error.reason === 'store_unavailable' ? (error.cause ?? error) : error);
}

/**
 * What callers see of a database error: a store that is away, and a statement that waited too long, are UNAVAILABLE
 * and worth another try; everything else stays as it is, a fault.
 */
export function toStoreError(error: unknown): unknown {
  if (error instanceof StatusError) return error;
  if (!isLoss(error) && !timeoutStates.has(codeOf(error))) return error;
  return new StatusError('UNAVAILABLE', 'store_unavailable', { retryAfterMs: 1000, cause: error });
}

/**
 * Refuses text that PostgreSQL would refuse, before it joins a batch and takes its neighbours down with it: NUL, halves
 * of surrogate pairs, and what is too long.
 */
export function assertStorable(text: string, maxLength = 65_536): void {
  if (text.length > maxLength) throw new StatusError('INVALID_ARGUMENT', 'field_invalid', { message: 'The text is too long.' });
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new StatusError('INVALID_ARGUMENT', 'encoding_invalid', { message: 'The text has NUL or is not valid Unicode.' });
  }
}
