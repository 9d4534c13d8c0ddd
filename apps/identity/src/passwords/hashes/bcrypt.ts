import { createHash } from 'node:crypto';
import { compareSync } from 'bcryptjs';
import { type Check, cost, type HashFormat, HashRefused } from './format.ts';

const pattern = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

/**
 * bcrypt ($2a$, $2b$, $2y$), by bcryptjs. It reads the first 72 bytes of a password, as where the hash comes from; the
 * first sign-in replaces it by a hash of the whole. Django's `bcrypt_sha256` hashes the hexadecimal SHA-256 instead.
 */
export const bcrypt: HashFormat = {
  name: 'bcrypt',
  read(hash) {
    if (hash.startsWith('bcrypt_sha256$$')) {
      const check = checkOf(hash.slice('bcrypt_sha256$'.length));
      return (password) => check(createHash('sha256').update(password).digest('hex'));
    }
    const plain = hash.startsWith('bcrypt$$') ? hash.slice('bcrypt$'.length) : hash;
    if (/^\$2x\$/.test(plain)) throw new HashRefused('is of a bcrypt with a fault ($2x$) that makes other passwords match');
    return /^\$2[a-z]?\$/.test(plain) ? checkOf(plain) : undefined;
  },
};

function checkOf(hash: string): Check {
  const [, rounds] = pattern.exec(hash) ?? [];
  if (rounds === undefined) throw new HashRefused('is no hash of bcrypt');
  cost('a cost', rounds, 4, 14);
  return (password) => compareSync(password, hash);
}
