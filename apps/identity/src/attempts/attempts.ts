/** Codes that can be guessed, each counted by itself. */
export type Guessable = 'totp' | 'recovery_code';

export type Counted =
  /** The attempt has been counted. `bucket` is where: what succeeds is told of it. */
  | { readonly admitted: true; readonly bucket: string }
  /** Not counted, and the code must not be looked at. Unix milliseconds. */
  | { readonly admitted: false; readonly retryAt: number };

/**
 * Attempts at the codes of a person who is known. Durable: no lost store makes new ones. After `limit` wrong codes in a row
 * each further one has to wait, twice as long as the one before, an hour at most; a right one, or a day without any, forgets
 * them. Nobody is locked out for good.
 */
export interface Attempts {
  /** Atomic, and before the code is looked at: of any number at once no more than the limit are admitted. A browser in
   *  which such a code was right before has attempts of its own, so that who guesses elsewhere does not lock the person out. */
  count(sub: string, what: Guessable, browser: string, limit: number): Promise<Counted>;
}

export const firstPauseSeconds = 30;
export const longestPauseSeconds = 3600;
