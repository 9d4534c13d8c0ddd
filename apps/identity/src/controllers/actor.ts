import type { Call } from '@authority/rpc';

/** Who an act is written down for: the operator whom the admin service has authenticated. */
export const actorOf = ({ operator }: Call): string => (operator ? `operator:${operator}` : 'system');
