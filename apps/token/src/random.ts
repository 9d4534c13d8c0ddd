import { randomFillSync } from 'node:crypto';
import type { Random } from '@authority/protocol';

const prefix = 'g_';
const timeLength = 6;
const randomLength = 12;
const idPattern = /^g_([A-Za-z0-9_-]{24})(?![A-Za-z0-9_-])/;

/** Random bytes are asked for in blocks: one call a token costs as much as the rest of its claims. */
const pool = Buffer.alloc(4096);
let unused = 0;

/** Each byte is given out once and then forgotten here. */
function randomBytes(length: number): Buffer {
  if (length > pool.length) return randomFillSync(Buffer.alloc(length));
  if (length > unused) {
    randomFillSync(pool);
    unused = pool.length;
  }
  const start = unused - length;
  const bytes = Buffer.from(pool.subarray(start, unused));
  pool.fill(0, start, unused);
  unused = start;
  return bytes;
}

/**
 * Grant ids begin with their time: 48 bits of Unix milliseconds, then 96 random bits. They are public and guard nothing;
 * the time tells exactly whether a grant is older than a not-before, where a token's `iat` has whole seconds only.
 */
export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),

  grantId(authorizedAt: number): string {
    const bytes = Buffer.alloc(timeLength + randomLength);
    bytes.writeUIntBE(authorizedAt, 0, timeLength);
    randomBytes(randomLength).copy(bytes, timeLength);
    return prefix + bytes.toString('base64url');
  },
};

/** The grant that a `jti` begins with, and when it was authorized; undefined for tokens without a grant. */
export function grantOfJti(jti: string): { grant_id: string; authorizedAt: number } | undefined {
  const encoded = idPattern.exec(jti)?.[1];
  if (encoded === undefined) return undefined;
  return { grant_id: prefix + encoded, authorizedAt: Buffer.from(encoded, 'base64url').readUIntBE(0, timeLength) };
}
