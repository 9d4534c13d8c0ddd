import type { Random } from '../ports.ts';
import { encode } from './base64url.ts';

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/**
 * Subjects are UUIDs; a client_id is never shaped like one, so that `sub` of a client's own token can't be taken for a
 * person (RFC 9068 §5, RFC 9700 §4.15).
 */
export function isClientId(value: string): boolean {
  return /^[A-Za-z0-9._~-]{1,128}$/.test(value) && !uuid.test(value);
}

/** Whether a text can be a person's subject, in the one spelling that they are made in. */
export function isSubject(text: string): boolean {
  return text.length === 36 && uuid.test(text) && text === text.toLowerCase();
}

/** A subject of ours that is a person. */
export function isPerson(sub: string): boolean {
  return uuid.test(sub);
}

export function makeClientId(random: Random): string {
  return `c_${encode(random.bytes(16))}`;
}

/** For `client_secret_jwt`: as long as the hash of HS512 (RFC 7518 §3.2), in any spelling of it. */
export function makeSigningSecret(random: Random): string {
  return encode(random.bytes(64));
}

/** 256 bits, so that an HMAC is enough to keep them (performance.md). */
export function makeSecret(random: Random): string {
  return encode(random.bytes(32));
}
