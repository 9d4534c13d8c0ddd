import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * What a browser holds of a stored value: the id that finds it and a secret of which the store keeps only the SHA-256.
 * So neither the keys nor the values of a dumped store are usable handles (style.md 20).
 */
export interface Handle {
  /** For the holder: `<id>.<secret>`. */
  readonly handle: string;
  readonly id: string;
  /** For the value under `id`. */
  readonly digest: string;
}

/** A new handle for an id of mint(). */
export function newHandle(id: string): Handle {
  const secret = randomBytes(16).toString('base64url');
  return { handle: `${id}.${secret}`, id, digest: digestOf(secret) };
}

/** Takes apart what somebody presents; undefined when it cannot be a handle. */
export function readHandle(handle: string): Omit<Handle, 'handle'> | undefined {
  const match = /^([\w.~-]{16,128})\.([\w-]{22})$/.exec(handle);
  if (!match?.[1] || !match[2]) return undefined;
  return { id: match[1], digest: digestOf(match[2]) };
}

export function isSameDigest(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');
