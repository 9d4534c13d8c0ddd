/**
 * Short-lived state behind one port. What it holds may be lost, and a loss may only make somebody start again, never let
 * something in: values of an earlier epoch read as missing. A store that is away throws UNAVAILABLE within a second.
 *
 * `space` is a word of the service (`session`, `par`); spaces are apart, and so are values, marks, counters and indexes
 * of the same space. Keys, members and values are text without NUL. No time to live is longer than `longestTtlMs`.
 */
export interface Ephemeral {
  /** A new unguessable id (144 random bits, base64url) that names its hour of expiry, and its store slot by it. */
  mint(ttlMs: number): string;

  /**
   * Stores under an id of mint(). A put may be repeated and its time to live may slide, but not past what was given to
   * mint(): of a session, mint() gets the absolute life and put() the idle one.
   */
  put(space: string, id: string, value: string, ttlMs: number): Promise<void>;
  get(space: string, id: string): Promise<string | undefined>;
  /** Atomic: gets and deletes. Of many callers one gets the value. */
  take(space: string, id: string): Promise<string | undefined>;
  /** Atomic: replaces the value that is as expected. Of many callers one is answered true. */
  compareAndSet(space: string, id: string, expected: string, next: string, ttlMs: number): Promise<boolean>;
  remove(space: string, id: string): Promise<void>;

  /**
   * Atomic: true for the first caller only. For replay marks: `key` and `expiresAt` (ms; known to every caller, any
   * tolerance for clocks included) come from the assertion or proof. False when `expiresAt` is past.
   *
   * Give `issuedAt` (ms; without `iat`: the longest allowed life before `exp`): false when it was issued before the epoch
   * began, since its mark may have been lost. A caller that cannot asks epochStartedAt() *after* the mark was made.
   */
  markOnce(space: string, key: string, expiresAt: number, issuedAt?: number): Promise<boolean>;

  /** Atomic: counts in a fixed window that is aligned to the clock, and answers the count with this call. */
  increment(space: string, key: string, windowMs: number): Promise<number>;

  /** Sets of members, each with its own expiry: lookups by a key that names no hour. Adding again prolongs. */
  indexAdd(space: string, key: string, member: string, ttlMs: number): Promise<void>;
  indexMembers(space: string, key: string): Promise<string[]>;
  indexRemove(space: string, key: string, member: string): Promise<void>;

  /** When the epoch began (ms): 0 for the first one. Assertions and proofs issued before it are refused. */
  epochStartedAt(): number;
  isReady(): boolean;
  close(): Promise<void>;
}

/** 31 days: a session's absolute life, and a day to spare. */
export const longestTtlMs = 31 * 24 * 3_600_000;
