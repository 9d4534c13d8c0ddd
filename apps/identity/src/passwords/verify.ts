import { verifySync } from '@node-rs/argon2';
import { dummyHash, needsRehash } from './argon2.ts';
import { readHash } from './hashes/index.ts';

/**
 * Whether a password is that of a stored hash. What was imported is checked in its own way, and a hash of ours is computed
 * beside it: so a format that is quick takes no less time than ours. Nobody has the empty password, whatever was imported.
 */
export function verify(stored: string | undefined, password: string): boolean {
  if (stored !== undefined && !needsRehash(stored)) return verifySync(stored, password) && password !== '';
  verifySync(dummyHash, password);
  return stored !== undefined && password !== '' && readHash(stored).check(password);
}
