import type { Mail } from '../mails/kinds.ts';
import type { NewCode, Purpose } from './code.ts';

/** Codes that were sent in the last day, this one included. */
export interface Sent {
  /** To the address, for this purpose. */
  readonly forPurpose: number;
  /** To all addresses of the account; 0 when there is none. */
  readonly toAccount: number;
}

/** Of a code that was right. */
export interface Proven {
  readonly id: string;
  readonly purpose: Purpose;
  readonly sub: string | undefined;
  /** SHA-256 of the cookie of the browser that asked for it. */
  readonly browser: string;
  /** Where nobody has it, only its digest is kept. */
  readonly address: string | undefined;
  /** The store's clock, Unix milliseconds. */
  readonly at: number;
}

/** Why a code or link does not count. The first is the only one that leaves something to try. */
export type CodeFault =
  | 'code_wrong'
  | 'code_superseded'
  | 'code_used'
  | 'code_expired'
  | 'code_exhausted'
  | 'code_unknown'
  | 'code_of_other_browser';

export type Judged = { readonly proven: Proven } | { readonly fault: CodeFault };

/** The mail that brings the code. */
export type MailOf = (sent: Sent) => Mail;

/** One-time codes, kept until the hour in which they expired is long past. */
export interface Codes {
  /**
   * Atomic: the code, and the mail that brings it, or neither. False, and nothing is kept, when the address was sent
   * `mostPerDay` in the last day.
   */
  create(code: NewCode, mostPerDay: number, mail: MailOf): Promise<boolean>;
  /**
   * Atomic: counts the attempt, compares, and uses the code up if it is right, the newest, and has attempts left. Of any
   * number at once on any number of replicas, no more than `mostAttempts` are compared, and one is right.
   */
  attempt(attempt: { id: string; purpose: Purpose; digest: string; mostAttempts: number; now: number }): Promise<Judged>;
  /** What opening a link would be answered. Uses nothing up. */
  look(link: { id: string; purpose: Purpose; digest: string; now: number }): Promise<Judged>;
  /** Atomic: uses a link up, if it is the newest; of many that open it one is answered so. */
  open(link: { id: string; purpose: Purpose; digest: string; now: number }): Promise<Judged>;
}
