/** What a password is worth. */
export interface Assessment {
  /** It is in the list of breached passwords. */
  readonly breached: boolean;
  /** 0 (guessed at once) to 4 (very hard), as zxcvbn counts. */
  readonly score: number;
}

/** All that costs CPU about passwords: done elsewhere than in the event loop, and refused when there is too much of it. */
export interface Passwords {
  /** PHC string with the current parameters. */
  hash(password: string): Promise<string>;
  /** `phc` undefined: nobody has this password; takes as long, and answers false. */
  verify(phc: string | undefined, password: string): Promise<boolean>;
  /** Whether a hash was made with other parameters than today's. */
  needsRehash(phc: string): boolean;
  /** `inputs`: what is known of the person, and makes bad passwords. */
  assess(password: string, inputs: readonly string[]): Promise<Assessment>;
}

/** Two spellings of one character are one password (RFC 8265 §4.2.1); nothing else is changed. */
export const normalizePassword = (password: string): string => password.normalize('NFC');
