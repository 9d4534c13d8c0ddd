import { bytesOf, type HashFormat, HashRefused, leastHashBytes } from './format.ts';
import { pbkdf2Check } from './pbkdf2.ts';

const versionTwo = 1 + 16 + 32;
const headOfThree = 13;
const digests = ['sha1', 'sha256', 'sha512'] as const;

/**
 * ASP.NET Core Identity (PasswordHasher): base64 of a version, and of version 2: 16 bytes of salt and 32 of key (SHA-1,
 * 1,000 rounds); of version 3: digest, rounds, length of the salt (32 bits each, big-endian), salt and key.
 */
export const aspnetIdentity: HashFormat = {
  name: 'aspnet-identity',
  read(hash) {
    if (!/^A[AQ][A-Za-z0-9+/]{37,}={0,2}$/.test(hash)) return undefined;
    const bytes = bytesOf('hash', hash, headOfThree + leastHashBytes);
    if (bytes[0] === 0 && bytes.length === versionTwo) return pbkdf2Check('sha1', '1000', bytes.subarray(1, 17), bytes.subarray(17));
    if (bytes[0] !== 1) throw new HashRefused('is of an unknown version of ASP.NET Core Identity');
    const digest = digests[bytes.readUInt32BE(1)];
    const end = headOfThree + bytes.readUInt32BE(9);
    if (digest === undefined || end + leastHashBytes > bytes.length) throw new HashRefused('is no hash of ASP.NET Core Identity');
    return pbkdf2Check(digest, String(bytes.readUInt32BE(5)), bytes.subarray(headOfThree, end), bytes.subarray(end));
  },
};
