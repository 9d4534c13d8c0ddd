import { randomBytes } from 'node:crypto';
import { type Options, parseOptions } from '@node-rs/argon2';

/** argon2id with the OWASP parameters (performance.md 5): 19 MiB, two passes, one lane. */
export const parameters = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const satisfies Options;

/** Whether a stored hash was made with other parameters than today's, or in another way (`hashes/`). */
export function needsRehash(phc: string): boolean {
  if (!phc.startsWith('$argon2id$')) return true;
  const stored = parseOptions(phc);
  return (
    stored.algorithm !== parameters.algorithm ||
    stored.memoryCost !== parameters.memoryCost ||
    stored.timeCost !== parameters.timeCost ||
    stored.parallelism !== parameters.parallelism
  );
}

const base64 = (bytes: number): string => randomBytes(bytes).toString('base64').replaceAll('=', '');

/** The hash of no password, with today's parameters: what an unknown user's password is compared with. */
export const dummyHash = `$argon2id$v=19$m=${parameters.memoryCost},t=${parameters.timeCost},p=${parameters.parallelism}$${base64(16)}$${base64(32)}`;
