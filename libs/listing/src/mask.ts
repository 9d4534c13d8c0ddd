import { refusal } from './refusal.ts';

/**
 * The fields that an update mask names (AIP-134), each once, in the order of `allowed`. `*` is all that may change.
 * A mask is always needed: a client that knows fewer fields than the server must not empty those it does not know.
 */
export function maskedPaths<K extends string>(mask: readonly string[] | undefined, allowed: readonly K[]): K[] {
  if (mask === undefined || mask.length === 0) {
    throw refusal('update_mask_invalid', [{ field: 'update_mask', description: `must name what changes: ${allowed.join(', ')}, or *` }]);
  }
  if (mask.length === 1 && mask[0] === '*') return [...allowed];
  const foreign = mask.filter((path) => !allowed.some((one) => one === path));
  if (foreign.length > 0) {
    throw refusal(
      'update_mask_invalid',
      foreign.map((path) => ({
        field: 'update_mask',
        description: `names what cannot be changed: ${path.slice(0, 80)}; there is ${allowed.join(', ')}`,
      })),
    );
  }
  return allowed.filter((path) => mask.includes(path));
}

/** The row after an update: what the mask names from `patch`, everything else from `current`. */
export function applyMask<T extends object, K extends keyof T & string>(
  current: T,
  patch: Pick<T, K>,
  mask: readonly string[] | undefined,
  allowed: readonly K[],
): T {
  const next = { ...current };
  for (const path of maskedPaths(mask, allowed)) next[path] = patch[path];
  return next;
}
