import { OAuthError } from '@authority/errors';
import type { Parameters } from '../model/request.ts';

/** Parameters by name. A parameter sent without a value is not in it: it counts as omitted (RFC 6749 §3.1). */
export type ParameterMap = ReadonlyMap<string, readonly string[]>;

/** Parameters by name, with what is wrong with them; the caller knows to whom to say so. */
export interface CollectedParameters {
  map: ParameterMap;
  /** The first name that was sent twice although its specification does not allow it. */
  repeated: string | undefined;
  /** The first name whose value holds control characters or lone surrogates. */
  malformed: string | undefined;
}

/** What may be sent more than once (RFC 8707 §2, RFC 8693 §2.1). */
const repeatable = new Set(['resource', 'audience']);

/** NUL and its like are in no grammar of RFC 6749 appendix A, and PostgreSQL refuses them. */
const control = /[\u0000-\u001f\u007f]/;

export function collect(parameters: Parameters): CollectedParameters {
  const map = new Map<string, string[]>();
  const seen = new Set<string>();
  let repeated: string | undefined;
  let malformed: string | undefined;
  for (const { name, value } of parameters) {
    if (!isText(name) || !isText(value)) malformed ??= name;
    // Counted before empty values are dropped: `scope=&scope=a` is a repetition as well.
    if (seen.has(name) && !repeatable.has(name)) repeated ??= name;
    seen.add(name);
    if (value === '') continue;
    const values = map.get(name);
    if (values) values.push(value);
    else map.set(name, [value]);
  }
  return { map, repeated, malformed };
}

/** As collect, for endpoints that answer the caller directly: both faults are invalid_request (RFC 6749 §5.2). */
export function collectStrictly(parameters: Parameters): ParameterMap {
  const { map, repeated, malformed } = collect(parameters);
  if (repeated !== undefined) throw repeatedParameter();
  if (malformed !== undefined) throw malformedParameter();
  return map;
}

export function repeatedParameter(): OAuthError {
  return new OAuthError('invalid_request', 'parameter_repeated', {
    description: 'a parameter is included more than once',
  });
}

export function malformedParameter(): OAuthError {
  return new OAuthError('invalid_request', 'encoding_invalid', {
    description: 'a parameter holds characters that are not allowed',
  });
}

export function find(parameters: ParameterMap, name: string): string | undefined {
  return parameters.get(name)?.[0];
}

export function required(parameters: ParameterMap, name: string): string {
  const value = find(parameters, name);
  if (value === undefined) {
    throw new OAuthError('invalid_request', 'parameter_missing', { description: `${name} is missing` });
  }
  return value;
}

/** No control characters, and valid Unicode. */
export function isText(value: string): boolean {
  return !control.test(value) && value.isWellFormed();
}
