import { createHash, randomBytes } from 'node:crypto';

/** What the browser has to sign (WebAuthn §13.4.3), as the flow remembers it. No secret: it says only what was asked. */
export interface Challenge {
  /** 32 random bytes, base64url. */
  readonly challenge: string;
  readonly issuedAt: number;
}

/** A sign-in page may stand open for long before a passkey is chosen from the autofill. */
export const challengeLifetimeMs = 3_600_000;

export const newChallenge = (now: number): Challenge => ({ challenge: randomBytes(32).toString('base64url'), issuedAt: now });

/** Reads what a flow remembered. Anything else is none. */
export function readChallenge(remembered: unknown): Challenge | undefined {
  if (typeof remembered !== 'object' || remembered === null) return undefined;
  if (!('challenge' in remembered) || !('issuedAt' in remembered)) return undefined;
  const { challenge, issuedAt } = remembered;
  return typeof challenge === 'string' && typeof issuedAt === 'number' ? { challenge, issuedAt } : undefined;
}

/** Where answered challenges are marked. */
export interface Challenges {
  /** Atomic: true for the first answer to a challenge only, within its life. */
  spend(challenge: Challenge): Promise<boolean>;
}

/** Under which an answered challenge is marked. */
export const challengeKey = ({ challenge }: Challenge): string => createHash('sha256').update(challenge).digest('base64url');
