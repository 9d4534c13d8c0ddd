import type { Session, StoredSession } from './session.ts';

/** Where live sessions are kept; they may be lost, and then people sign in again. */
export interface Sessions {
  /** Stores it with its indexes and answers the handle, which is new each time. */
  begin(session: Session, idleMs: number): Promise<string>;
  find(handle: string): Promise<StoredSession | undefined>;
  /** Atomic: writes the use down unless somebody else has changed or ended the session. */
  touch(session: StoredSession, now: number, idleMs: number): Promise<void>;
  /** Atomic: of many that take a session out one is answered true. */
  remove(session: StoredSession): Promise<boolean>;
  ofSubject(sub: string): Promise<StoredSession[]>;
  /** More than one only while a renewed handle replaces the one before. */
  ofSid(sid: string): Promise<StoredSession[]>;
}

export interface Ending {
  readonly session: Session;
  /** `user`, `client`, `operator`, `replaced`. */
  readonly why: string;
  /** As in audit: `user:<sub>`, `operator:<client_id>`. */
  readonly actor: string;
}

/** What must stay in force when the store of sessions comes back older: ended sessions, and not-befores of subjects. */
export interface Endings {
  isEnded(session: Session): Promise<boolean>;
  /** Atomic: the ended session, its audit row and its feed entry. Answers the entry; undefined when it had ended before. */
  end(ending: Ending): Promise<number | undefined>;
}

/** The facts of a sign-in, redeemed at identity. */
export interface SignIn {
  readonly sub: string;
  readonly amr: readonly string[];
  readonly acr: string;
  readonly authTime: number;
}

export interface SignIns {
  /** Works once; throws StatusError completion_unknown. */
  redeem(completion: string, browser: string): Promise<SignIn>;
  /** Leaves the facts of a session with identity, and answers the one-time handle for them. */
  attest(session: Session): Promise<string>;
}

/** Whether all dependents have applied a feed entry. */
export interface Propagation {
  passed(entry: number): Promise<boolean>;
}
