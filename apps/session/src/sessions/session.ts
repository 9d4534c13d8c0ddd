import { randomBytes } from 'node:crypto';

/** A browser session: who is signed in, since when, and how. Times are Unix milliseconds. */
export interface Session {
  /** Public id (OpenID Connect Back-Channel Logout §2.1). */
  readonly sid: string;
  readonly sub: string;
  /** SHA-256 of the browser cookie's value that it began in. */
  readonly browser: string;
  readonly amr: readonly string[];
  readonly acr: string;
  /** When the person last proved who they are, by identity's database clock. */
  readonly authTime: number;
  readonly createdAt: number;
  /** The absolute end; never moved while the sid lives, for grants copy it and ended sessions are kept by it. */
  readonly expiresAt: number;
  /** The last use, to the minute. */
  readonly seenAt: number;
  readonly userAgent: string;
  readonly address: string;
}

/** A session in the store. `stored` is what an atomic change compares with. */
export interface StoredSession {
  readonly id: string;
  readonly stored: string;
  readonly session: Session;
}

/** How often a use is written down. */
export const touchEveryMs = 60_000;

export const newSid = (): string => `s_${randomBytes(16).toString('base64url')}`;

/** Neither past its absolute end nor unused for longer than the idle life. */
export function isAlive(session: Session, idleMs: number, now: number): boolean {
  return now < session.expiresAt && now - session.seenAt < idleMs;
}

export const needsTouch = (session: Session, now: number): boolean => now - session.seenAt >= touchEveryMs;
