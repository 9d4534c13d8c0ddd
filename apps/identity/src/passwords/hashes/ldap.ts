import { hash as digestOf } from 'node:crypto';
import { argon2 } from './argon2.ts';
import { bcrypt } from './bcrypt.ts';
import { bytesOf, type Check, type HashFormat, HashRefused, sameBytes } from './format.ts';
import { md5Crypt } from './md5-crypt.ts';
import { pbkdf2 } from './pbkdf2.ts';
import { shaCrypt } from './sha-crypt.ts';

/** Digest, its length, and whether a salt follows it. */
const schemes: Readonly<Record<string, readonly [digest: string, length: number, salted: boolean]>> = {
  MD5: ['md5', 16, false],
  SMD5: ['md5', 16, true],
  SHA: ['sha1', 20, false],
  SSHA: ['sha1', 20, true],
  SHA256: ['sha256', 32, false],
  SSHA256: ['sha256', 32, true],
  SHA384: ['sha384', 48, false],
  SSHA384: ['sha384', 48, true],
  SHA512: ['sha512', 64, false],
  SSHA512: ['sha512', 64, true],
};

/** Schemes that only carry a hash of another format. */
const carriers: Readonly<Record<string, readonly HashFormat[]>> = {
  CRYPT: [bcrypt, shaCrypt, md5Crypt],
  BCRYPT: [bcrypt],
  ARGON2: [argon2],
};

/** userPassword of LDAP (RFC 2307 §5.3, RFC 3112): `{SSHA}…`, `{CRYPT}$6$…`, and OpenLDAP's `{PBKDF2-SHA256}…`. */
export const ldap: HashFormat = {
  name: 'ldap',
  read(hash) {
    const [, name, value = ''] = /^\{([A-Za-z0-9-]{1,20})\}(.*)$/s.exec(hash) ?? [];
    if (name === undefined) return undefined;
    const scheme = name.toUpperCase();
    if (Object.hasOwn(schemes, scheme)) return digestCheck(scheme, value);
    if (Object.hasOwn(carriers, scheme)) return carried(scheme, value);
    const [, digest] = /^PBKDF2(?:-(SHA1|SHA256|SHA512))?$/.exec(scheme) ?? [];
    if (!scheme.startsWith('PBKDF2')) throw new HashRefused(`is of the scheme {${name}}, which is not known`);
    return pbkdf2.read(`$pbkdf2-${(digest ?? 'SHA1').toLowerCase()}$${value}`);
  },
};

function digestCheck(scheme: string, value: string): Check {
  const [digest, length, salted] = schemes[scheme] ?? ['', 0, false];
  const bytes = bytesOf('digest', value, length);
  if (!salted && bytes.length > length) throw new HashRefused(`has a digest that is too long for {${scheme}}`);
  if (salted && bytes.length === length) throw new HashRefused(`has no salt, and {${scheme}} needs one`);
  const [expected, salt] = [bytes.subarray(0, length), bytes.subarray(length)];
  return (password) => sameBytes(digestOf(digest, Buffer.concat([Buffer.from(password), salt]), 'buffer'), expected);
}

function carried(scheme: string, value: string): Check {
  for (const format of carriers[scheme] ?? []) {
    const check = format.read(value);
    if (check) return check;
  }
  throw new HashRefused(`has a hash in {${scheme}} that is not known`);
}
