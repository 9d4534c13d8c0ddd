import { verifySync } from '@node-rs/argon2';
import { dummyHash, needsRehash } from './argon2.ts';
import { readHash } from './hashes/index.ts';

/**
 * Whether a password is that of a stored hash. What was imported is checked in its own way, and a hash of ours is computed
 * beside it: so a format that is quick is answered no sooner than an unknown person is. One that is slow takes the
 * difference more, until the first sign-in replaces it (docs/how-to/import.md, "What a stranger can measure").
 */
export function verify(stored: string | undefined, password: string): boolean {
  if (stored !== undefined && !needsRehash(stored)) return verifySync(stored, password);
  verifySync(dummyHash, password);
  return stored !== undefined && readHash(stored).check(password);
}
