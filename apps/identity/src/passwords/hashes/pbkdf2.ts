import { pbkdf2Sync } from 'node:crypto';
import { bytesOf, type Check, cost, type HashFormat, HashRefused, leastHashBytes, sameBytes } from './format.ts';

const digests = 'sha1|sha256|sha384|sha512';
// passlib and Keycloak: salt and key in base64, `$pbkdf2$` means SHA-1.
const modular = new RegExp(`^\\$pbkdf2(?:-(${digests}))?\\$(?:i=)?(\\d+)(?:,l=\\d+)?\\$([^$]*)\\$([^$]+)$`);
// Django: the salt is text.
const django = new RegExp(`^pbkdf2_(${digests})\\$(\\d+)\\$([^$]*)\\$([^$]+)$`);
// Werkzeug: the salt is text and the key hexadecimal.
const werkzeug = new RegExp(`^pbkdf2:(${digests})(?::(\\d+))?\\$([^$]*)\\$([0-9a-f]+)$`);

/** PBKDF2 with SHA-1, SHA-256, SHA-384 and SHA-512: passlib's and Keycloak's strings, Django's, Werkzeug's. */
export const pbkdf2: HashFormat = {
  name: 'pbkdf2',
  read(hash) {
    const [whole, algorithm, rounds, salt, key] = modular.exec(hash) ?? [];
    if (whole !== undefined) return pbkdf2Check(algorithm ?? 'sha1', rounds, bytesOf('salt', salt), bytesOf('key', key, leastHashBytes));
    const [, djangoDigest, djangoRounds, text, stored] = django.exec(hash) ?? [];
    if (djangoDigest !== undefined) {
      return pbkdf2Check(djangoDigest, djangoRounds, Buffer.from(text ?? ''), bytesOf('key', stored, leastHashBytes));
    }
    const [, flaskDigest, flaskRounds, flaskSalt, hex] = werkzeug.exec(hash) ?? [];
    if (flaskDigest !== undefined) {
      const bytes = bytesOf('key', Buffer.from(hex ?? '', 'hex').toString('base64'), leastHashBytes);
      return pbkdf2Check(flaskDigest, flaskRounds ?? '150000', Buffer.from(flaskSalt ?? ''), bytes);
    }
    if (/^\$?pbkdf2[$_:-]/.test(hash)) throw new HashRefused('is no hash of PBKDF2 in a known writing');
    return undefined;
  },
};

/** 2,000,000 rounds take under a second. */
export function pbkdf2Check(digest: string, rounds: string | undefined, salt: Buffer, key: Buffer): Check {
  const iterations = cost('rounds', rounds, 1, 2_000_000);
  if (key.length > 64 && iterations > 250_000) throw new HashRefused('has a key of over 64 bytes, which costs too much');
  return (password) => sameBytes(pbkdf2Sync(password, salt, iterations, key.length, digest), key);
}
