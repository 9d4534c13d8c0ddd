import { decode } from './base64url.ts';

/** A compact JWS taken apart, nothing verified (RFC 7515 §7.1). */
export interface UnverifiedJwt {
  header: Record<string, unknown>;
  payload: Record<string, unknown>;
}

/** Reads header and payload; undefined unless it is three strict base64url parts and both are JSON objects. */
export function readUnverified(jws: string): UnverifiedJwt | undefined {
  const [header, payload, signature, ...more] = jws.split('.');
  if (header === undefined || payload === undefined || !signature || more.length > 0) return undefined;
  const parsed = { header: readObject(header), payload: readObject(payload) };
  return parsed.header && parsed.payload ? { header: parsed.header, payload: parsed.payload } : undefined;
}

/** The header of a JWS or JWE, nothing verified; undefined unless it is strict base64url of a JSON object. */
export function readHeader(token: string): Record<string, unknown> | undefined {
  return readObject(token.slice(0, Math.max(token.indexOf('.'), 0)));
}

function readObject(part: string): Record<string, unknown> | undefined {
  const bytes = decode(part);
  if (!bytes) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
