import { timingSafeEqual } from 'node:crypto';

/** Whether a password is the one that a stored hash was made of. */
export type Check = (password: string) => boolean;

/**
 * A way to keep passwords that other systems have. What is not of this format is `undefined`; what is, and cannot be
 * taken, throws HashRefused: so a hash that is stored can be checked, and at a bounded cost.
 */
export interface HashFormat {
  /** As docs/how-to/import.md calls it. */
  readonly name: string;
  read(hash: string): Check | undefined;
}

/** A hash that is not taken; the message completes "password_hash …". */
export class HashRefused extends Error {}

/** A number of a hash, in bounds: sign-in must not burn minutes or gigabytes because of what somebody imported. */
export function cost(name: string, digits: string | undefined, least: number, most: number): number {
  const value = Number(digits);
  if (digits !== undefined && /^\d{1,10}$/.test(digits) && value >= least && value <= most) return value;
  throw new HashRefused(`has ${name} outside of ${least} to ${most}`);
}

/** A shorter hash would be guessed, and an empty one is that of every password. */
export const leastHashBytes = 16;
const mostBytes = 512;

/** Base64 of any alphabet that hashes are written in (RFC 4648 §4 and §5, passlib's with a dot), padded or not. */
export function bytesOf(what: string, base64: string | undefined, least = 0): Buffer {
  const text = (base64 ?? '').replaceAll('.', '+');
  const bytes = Buffer.from(text, 'base64');
  if (base64 === undefined || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(text) || bytes.length < least || bytes.length > mostBytes) {
    throw new HashRefused(`has a ${what} that is not ${least} to ${mostBytes} bytes in base64`);
  }
  return bytes;
}

/** In constant time for a length, which is no secret. */
export function sameBytes(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
