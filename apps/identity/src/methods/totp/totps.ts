import type { SealedValues } from '@authority/sealing';
import type { Asked } from '../../accounts/asked.ts';
import type { TotpParameters } from './code.ts';

/** A seed, sealed for its person's row and no other (libs/sealing). */
export interface StoredTotp extends TotpParameters {
  readonly sealed: string;
}

/** An authenticator app as its owner's account has it. */
export interface KeptTotp extends StoredTotp {
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
}

/** One that a first code has confirmed, in a browser (empty for none). */
export interface NewTotp extends StoredTotp {
  readonly step: number;
  readonly browser: string;
}

/** A right code: of which seed and step, where it was counted (attempts.ts) and where it was typed. */
export interface UsedTotp {
  readonly sealed: string;
  readonly step: number;
  readonly bucket: string;
  readonly browser: string;
}

/** Where the authenticator apps of people are kept: one each. A change writes its audit row and its notice with it. */
export interface Totps {
  find(sub: string): Promise<KeptTotp | undefined>;
  /** Atomic: of two at once one is kept. `step` is that of the code that confirmed it, and is used up. Answers the database's
   *  clock; undefined when there is one already. */
  add(sub: string, totp: NewTotp, asked: Asked): Promise<{ at: number } | undefined>;
  /** Atomic: RFC 6238 §5.2, a step of this seed is used once, and no earlier one after it. Answers the database's clock, and
   *  forgets the attempts before it. */
  use(sub: string, totp: UsedTotp): Promise<{ at: number } | undefined>;
  /** Atomic; recovery codes go with the last factor that they are a backup of. */
  remove(sub: string, asked: Asked): Promise<boolean>;
}

/** How seeds are sealed (libs/sealing). */
export type Seeds = Pick<SealedValues, 'seal' | 'open'>;

/** The place that a seed is sealed for. */
export const totpPlace = (sub: string) => ({ purpose: 'totp', row: sub });

/** A seed that is shown and not yet confirmed waits in its flow, sealed for that flow's browser too. */
export const enrolmentPlace = (sub: string, browser: string) => ({ purpose: 'totp_enrolment', row: `${sub} ${browser}` });
