import type { Asked } from '../../accounts/asked.ts';

/** The codes of a person, as far as anybody can read them. */
export interface KeptCodes {
  /** The key that their MACs are under. */
  readonly key_id: string;
  readonly left: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

export interface NewCodes {
  readonly key_id: string;
  readonly macs: readonly string[];
}

/** A code that may be right, where it was counted (attempts.ts) and where it was typed. */
export interface UsedCode {
  readonly key_id: string;
  readonly mac: string;
  readonly bucket: string;
  readonly browser: string;
}

/** Where recovery codes are kept. A change writes its audit row and its notice with it. */
export interface RecoveryCodes {
  find(sub: string): Promise<KeptCodes | undefined>;
  /** Whether the person has a second factor that codes could be a backup of. */
  isBackup(sub: string): Promise<boolean>;
  /** Atomic: new ones, and the end of those of before. False when there is nothing that they would be a backup of. */
  replace(sub: string, codes: NewCodes, asked: Asked): Promise<boolean>;
  /** Atomic: a code is used once. Answers the database's clock and how many are left, and forgets the attempts before it. */
  use(sub: string, code: UsedCode, asked: Asked): Promise<{ at: number; left: number } | undefined>;
}

/** The place that a person's codes are MACs for. */
export const codePlace = (sub: string) => ({ purpose: 'recovery_code', row: sub });
