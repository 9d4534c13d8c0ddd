import { createHash, randomBytes } from 'node:crypto';

/** Kind and version, for scanners of leaked secrets; then where it waits, when it ends, and 256 random bits. */
const shape = /^ad1_([hd][0-9a-z]{4}[\w-]{24})\.([0-9a-z]{8})\.[\w-]{43}$/;

/** A device code, taken apart (RFC 8628 §3.2). */
export interface DeviceCode {
  /** Of the short-lived entry. */
  id: string;
  /**
   * Unix milliseconds, and so the partition of the decision: it is found without the store that the request waited in. Who
   * changes it changes the hash.
   */
  expiresAt: number;
  /** SHA-256 of the whole code, base64url: all that is kept of it. */
  hash: string;
}

/** A new code for an id of the ephemeral store's mint(). */
export function newDeviceCode(id: string, expiresAt: number): string {
  return `ad1_${id}.${expiresAt.toString(36)}.${randomBytes(32).toString('base64url')}`;
}

export function readDeviceCode(value: string): DeviceCode | undefined {
  const [, id, ends] = shape.exec(value) ?? [];
  if (id === undefined || ends === undefined) return undefined;
  return { id, expiresAt: Number.parseInt(ends, 36), hash: hashOf(value) };
}

export function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}
