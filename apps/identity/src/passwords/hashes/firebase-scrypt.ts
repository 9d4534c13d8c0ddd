import { createCipheriv } from 'node:crypto';
import { bytesOf, cost, type HashFormat, HashRefused, leastHashBytes, sameBytes } from './format.ts';
import { scryptKey, scryptParameters } from './scrypt.ts';

const pattern = /^\$fbscrypt\$v=1,n=(\d+),r=(\d+),p=(\d+)(?:,ss=([^,$]*))?,sk=([^,$]+)\$([^$]+)\$([^$]+)$/;

/**
 * Firebase's modified scrypt (github.com/firebase/scrypt): what scrypt makes of password, salt and salt separator is the
 * key under which AES-256-CTR encrypts the project's signer key, and the result is the hash. Written as others do:
 * `$fbscrypt$v=1,n=<mem_cost>,r=<rounds>,p=1,ss=<salt separator>,sk=<signer key>$<salt>$<hash>`, all in base64.
 */
export const firebaseScrypt: HashFormat = {
  name: 'firebase-scrypt',
  read(hash) {
    if (!hash.startsWith('$fbscrypt$')) return undefined;
    const [, memory, rounds, lanes, separator, signer, salt, digest] = pattern.exec(hash) ?? [];
    if (digest === undefined) throw new HashRefused('is no $fbscrypt$ string');
    const parameters = scryptParameters(2 ** cost('n', memory, 1, 20), rounds, lanes);
    const salted = Buffer.concat([bytesOf('salt', salt), bytesOf('salt separator', separator ?? '')]);
    const signerKey = bytesOf('signer key', signer, leastHashBytes);
    const expected = bytesOf('digest', digest, leastHashBytes);
    if (expected.length !== signerKey.length) throw new HashRefused('has a digest of another length than the signer key');
    return (password) => {
      const cipher = createCipheriv('aes-256-ctr', scryptKey(password, salted, 64, parameters).subarray(0, 32), Buffer.alloc(16));
      return sameBytes(Buffer.concat([cipher.update(signerKey), cipher.final()]), expected);
    };
  },
};
