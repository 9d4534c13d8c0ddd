import type { Reason } from '@authority/errors';

/** A call that was refused at the door. */
export interface RefusedCall {
  readonly path: string;
  /** Known when the caller was authenticated but not allowed. */
  readonly operator: string | undefined;
  readonly address: string;
  readonly reason: Reason;
}

/** Where refused calls are written. A port that never fails and never waits: a refusal must not hang on its record. */
export interface RefusedCalls {
  add(call: RefusedCall): void;
}
