import { createHash } from 'node:crypto';
import { StatusError } from '@authority/errors';

/** An etag (AIP-154): changes with every field of a resource. `etag` itself is left out, and the order of keys is nothing. */
export function etagOf(resource: object): string {
  const { etag: _, ...rest } = resource as { etag?: unknown };
  return createHash('sha256').update(canonical(rest)).digest('base64url').slice(0, 22);
}

/** ABORTED when the resource is no longer what the caller has read; a caller that sends no etag does not ask. */
export function assertEtag(presented: string, current: string): void {
  if (presented === '' || presented === current) return;
  throw new StatusError('ABORTED', 'etag_mismatch', {
    message: 'etag: the resource has changed since it was read; read it again and repeat the change',
    violations: [{ field: 'etag', description: 'is not the current one' }],
  });
}

function canonical(value: unknown): string {
  if (value instanceof Date) return `d${value.getTime()}`;
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString('base64url')}`;
  if (typeof value === 'bigint') return `n${value}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'u';
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
}
