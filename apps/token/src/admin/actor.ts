import type { Call } from '@authority/rpc';

/** Who an act is written down for: the operator whom the admin service has authenticated. */
export function actorOf({ operator }: Call): string {
  return operator === undefined ? 'system' : `operator:${operator}`;
}
