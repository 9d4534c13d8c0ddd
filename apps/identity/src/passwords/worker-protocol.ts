import type { Assessment } from './passwords.ts';

/** What the pool sends to a worker. */
export type Task =
  | { readonly id: number; readonly kind: 'hash'; readonly password: string }
  | { readonly id: number; readonly kind: 'verify'; readonly phc: string | undefined; readonly password: string }
  | { readonly id: number; readonly kind: 'assess'; readonly password: string; readonly inputs: readonly string[] };

/** A task before the pool has numbered it. */
export type NewTask = Task extends infer T ? (T extends Task ? Omit<T, 'id'> : never) : never;

/** What a worker sends back. */
export interface Answer {
  readonly id: number;
  readonly value?: string | boolean | Assessment | undefined;
  readonly error?: string;
}
