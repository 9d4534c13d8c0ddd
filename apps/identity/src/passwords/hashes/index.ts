import { argon2 } from './argon2.ts';
import { aspnetIdentity } from './aspnet-identity.ts';
import { bcrypt } from './bcrypt.ts';
import { firebaseScrypt } from './firebase-scrypt.ts';
import { type Check, type HashFormat, HashRefused } from './format.ts';
import { keycloakHash } from './keycloak.ts';
import { ldap } from './ldap.ts';
import { md5Crypt } from './md5-crypt.ts';
import { pbkdf2 } from './pbkdf2.ts';
import { phpass } from './phpass.ts';
import { scrypt } from './scrypt.ts';
import { shaCrypt } from './sha-crypt.ts';

/** The one list of what can be imported; a hash is of the first format that knows it. */
export const hashFormats: readonly HashFormat[] = [
  argon2,
  bcrypt,
  scrypt,
  firebaseScrypt,
  pbkdf2,
  aspnetIdentity,
  ldap,
  shaCrypt,
  md5Crypt,
  phpass,
];

export interface ReadHash {
  readonly format: string;
  readonly check: Check;
}

const longestHash = 2048;

/** Throws HashRefused for what is of no format, or of one and not to be taken. */
export function readHash(hash: string): ReadHash {
  if (hash.length > longestHash) throw new HashRefused(`is longer than ${longestHash} characters`);
  for (const { name, read } of hashFormats) {
    const check = read(hash);
    if (check) return { format: name, check };
  }
  throw new HashRefused(`is of no known format; there is ${hashFormats.map(({ name }) => name).join(', ')}, and Keycloak's credentials`);
}

/** An imported hash as it is stored: one that `readHash` takes. */
export function storedHash(imported: string): string {
  if (imported.length > longestHash) throw new HashRefused(`is longer than ${longestHash} characters`);
  const hash = keycloakHash(imported) ?? imported;
  readHash(hash);
  return hash;
}
