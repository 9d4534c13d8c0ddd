import { isUtf8 } from 'node:buffer';
import type { Parameter } from '@authority/contracts/rpc';
import { OAuthError } from '@authority/errors';

/** RFC 8707 §2 and RFC 8693 §2.1 let these be sent several times; RFC 6749 §3.1 and §3.2 forbid it for all others. */
const repeatable: ReadonlySet<string> = new Set(['resource', 'audience']);

/** No request of any RFC that is served here comes near it; without a bound 64 KiB hold 32 768 of them. */
export const mostParameters = 128;

/** `judged`: the owner judges repetitions, because the client is told of them and not the person (RFC 6749 §4.1.2.1). */
export type Repetitions = 'refused' | 'judged';

/**
 * Parameters of a form or a query string (RFC 6749 Appendix B), strictly: whatever is not well-formed is refused and
 * never repaired, because what two readers repair differently is a hole. Order and number are kept.
 */
export function parseParameters(bytes: Buffer, repetitions: Repetitions = 'refused'): Parameter[] {
  if (bytes.length === 0) return [];
  if (!isUtf8(bytes)) throw malformed('The request is not valid UTF-8.');

  const parameters: Parameter[] = [];
  const seen = new Set<string>();
  for (const pair of bytes.toString('utf8').split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1));

    if (repetitions === 'refused' && seen.has(name) && !repeatable.has(name)) throw repeated(name);
    seen.add(name);
    parameters.push({ name, value });
    if (parameters.length > mostParameters) throw malformed('The request has too many parameters.');
  }
  return parameters;
}

/** Percent-decoding as the URL Standard's form parser does it, but a malformed sequence is an error and no U+FFFD. */
function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  const decoded = spaced.includes('%') ? decodePercent(spaced) : spaced;
  // No parameter of any RFC may hold NUL, and PostgreSQL's text cannot.
  if (decoded.includes('\0')) throw malformed('A parameter holds a NUL character.');
  return decoded;
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw malformed('A parameter is not well percent-encoded UTF-8.', cause);
  }
}

const malformed = (description: string, cause?: unknown): OAuthError =>
  new OAuthError('invalid_request', 'encoding_invalid', { description, cause });

function repeated(name: string): OAuthError {
  // Only a name that is one of the protocol's kind is repeated to the caller: error_description is ASCII (RFC 6749 §5.2).
  const shown = /^[a-z_]{1,40}$/.test(name) ? `The parameter ${name}` : 'A parameter';
  return new OAuthError('invalid_request', 'parameter_repeated', { description: `${shown} was sent more than once.` });
}

/** The query string of a request target. Node gives its bytes as Latin-1. */
export function queryOf(target: string | undefined): Buffer {
  const mark = target?.indexOf('?') ?? -1;
  if (target === undefined || mark === -1) return Buffer.alloc(0);
  return Buffer.from(target.slice(mark + 1), 'latin1');
}

/** The value of a parameter, `''` when it is absent: RFC 6749 §3.1 treats one without a value as omitted. */
export function parameterOf(parameters: readonly Parameter[], name: string): string {
  return parameters.find((one) => one.name === name)?.value ?? '';
}
