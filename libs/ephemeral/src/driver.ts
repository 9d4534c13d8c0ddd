import type { Queryable } from '@authority/postgres';
import type { Slot } from './slots.ts';

/** The answer of a store that is not in the caller's epoch: it has lost what it held, or somebody began a new one. */
export const stale: unique symbol = Symbol('stale');
export type Stale = typeof stale;

/** Where something lies: its full name (kind, space and key; see README.md) and its hour or day of expiry. */
export interface Place {
  readonly epoch: string;
  readonly name: string;
  readonly slot: Slot;
}

/** What the store says of itself. */
export interface StoredEpoch {
  readonly epoch: string;
  readonly beat: number;
}

/**
 * What a store must do. Every operation is atomic and asks in the same step whether the store is in the epoch; one that
 * is not answers `stale` and does nothing.
 */
export interface Driver {
  /** Which store this is, for the epoch's row: another one has nothing of what the last held. */
  readonly store: string;

  get(place: Place): Promise<string | undefined | Stale>;
  put(place: Place, value: string, ttlMs: number): Promise<undefined | Stale>;
  take(place: Place): Promise<string | undefined | Stale>;
  compareAndSet(place: Place, expected: string, next: string, ttlMs: number): Promise<boolean | Stale>;
  remove(place: Place): Promise<undefined | Stale>;
  mark(place: Place, ttlMs: number): Promise<boolean | Stale>;
  count(place: Place, ttlMs: number): Promise<number | Stale>;
  indexAdd(epoch: string, name: string, member: string, expiresAt: number): Promise<undefined | Stale>;
  indexMembers(epoch: string, name: string): Promise<string[] | Stale>;
  indexRemove(epoch: string, name: string, member: string): Promise<undefined | Stale>;

  readEpoch(tx: Queryable): Promise<StoredEpoch | undefined>;
  beginEpoch(tx: Queryable, begun: StoredEpoch): Promise<void>;
  /** Writes the heartbeat and answers it; stale when the store's is behind `lastSeen`. */
  beat(epoch: string, lastSeen: number): Promise<number | Stale>;
  /** Whether the last heartbeat must be kept in PostgreSQL too: where the store can fall back without being emptied. */
  readonly keepsBeatElsewhere: boolean;

  /** What is done now and then. */
  upkeep(): Promise<void>;
  close(): Promise<void>;
}
