import type { AskedCode } from '../../codes/send.ts';
import type { Memory } from '../../flows/state.ts';

/** A code that was sent, as the flow keeps it. Its key opens nothing: it is what typed digits are compared by. */
export interface SentCode extends AskedCode {
  /** As it was typed: whether anybody has it makes no difference. */
  readonly to: string;
}

export const memoryOf = ({ id, key, resendAt, to }: SentCode): Memory => ({ id, key, resendAt, to });

/** The code that this flow asked for last. */
export function sentCodeOf({ id, key, resendAt, to }: Memory): SentCode | undefined {
  const isOne = typeof id === 'string' && typeof key === 'string' && typeof resendAt === 'number' && typeof to === 'string';
  return isOne ? { id, key, resendAt, to } : undefined;
}
