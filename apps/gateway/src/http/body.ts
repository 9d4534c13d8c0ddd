import { isUtf8 } from 'node:buffer';
import type { Parameter } from '@authority/contracts/rpc';
import { OAuthError } from '@authority/errors';
import type { EdgeRequest } from './request.ts';
import { parseParameters, type Repetitions } from './parameters.ts';

/** contract.md: larger bodies are refused, on every route. */
export const mostBodyBytes = 64 * 1024;

const formType = /^application\/x-www-form-urlencoded(?:\s*;\s*charset="?utf-8"?)?\s*$/i;
const jsonType = /^application\/json(?:\s*;\s*charset="?utf-8"?)?\s*$/i;

/** The body of a form POST (RFC 6749 §3.2). Bodies arrive as bytes: no framework parser has touched them. */
export function formOf(request: EdgeRequest, repetitions: Repetitions = 'refused'): Parameter[] {
  const type = request.headers['content-type'];
  if (type === undefined && bytesOf(request).length === 0) return [];
  if (type === undefined || !formType.test(type)) throw wrongType('application/x-www-form-urlencoded');
  return parseParameters(bytesOf(request), repetitions);
}

/** The text of a JSON body: one JSON object, valid UTF-8, no NUL and no half of a surrogate pair anywhere in it. */
export function jsonTextOf(request: EdgeRequest): string {
  const type = request.headers['content-type'];
  if (type === undefined || !jsonType.test(type)) throw wrongType('application/json');
  const bytes = bytesOf(request);
  if (!isUtf8(bytes)) throw new OAuthError('invalid_request', 'encoding_invalid', { description: 'The body is not valid UTF-8.' });
  const text = bytes.toString('utf8');
  if (/\\u0000|\0/.test(text))
    throw new OAuthError('invalid_request', 'encoding_invalid', { description: 'The body holds a NUL character.' });
  jsonObject(text);
  return text;
}

/** A JSON object; anything else is refused. Null prototype: `__proto__` is a member like any other. */
export function jsonObject(text: string): Record<string, unknown> {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new OAuthError('invalid_request', 'parameter_invalid', { description: 'The body must be a JSON object.' });
  }
  return Object.assign(Object.create(null), value);
}

/** A lone `\ud800` is valid JSON, and no text that can be stored or sent on. Only a text that escapes can hold one. */
function parseJson(text: string): unknown {
  try {
    return /\\u[dD]/.test(text) ? JSON.parse(text, wellFormed) : JSON.parse(text);
  } catch (cause) {
    throw new OAuthError('invalid_request', 'encoding_invalid', { description: 'The body is not valid JSON.', cause });
  }
}

function wellFormed(name: string, value: unknown): unknown {
  if (!name.isWellFormed() || (typeof value === 'string' && !value.isWellFormed())) throw new SyntaxError('half of a surrogate pair');
  return value;
}

const bytesOf = (request: EdgeRequest): Buffer => (Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));

const wrongType = (type: string): OAuthError =>
  new OAuthError('invalid_request', 'content_type_wrong', { description: `The content type must be ${type}.` });
