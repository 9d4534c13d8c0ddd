import { hash as digestOf } from 'node:crypto';
import { cryptBase64 } from './crypt-base64.ts';
import { type HashFormat, HashRefused, sameBytes } from './format.ts';

const pattern = /^(\$1\$|\$apr1\$)([^$]{0,8})\$([./A-Za-z0-9]{22})$/;
const order = [0, 6, 12, 1, 7, 13, 2, 8, 14, 3, 9, 15, 4, 10, 5, 11];

/** md5-crypt of FreeBSD ($1$) and of Apache ($apr1$): 1,000 rounds. */
export const md5Crypt: HashFormat = {
  name: 'md5-crypt',
  read(hash) {
    if (!/^\$(?:1|apr1)\$/.test(hash)) return undefined;
    const [, magic, salt, digest] = pattern.exec(hash) ?? [];
    if (magic === undefined || salt === undefined || digest === undefined) throw new HashRefused('is no hash of md5-crypt');
    return (password) => sameBytes(Buffer.from(md5CryptOf(magic, salt, password)), Buffer.from(digest));
  },
};

const md5 = (...parts: readonly Buffer[]): Buffer => digestOf('md5', Buffer.concat(parts), 'buffer');

function md5CryptOf(magic: string, salted: string, text: string): string {
  const password = Buffer.from(text);
  const salt = Buffer.from(salted);
  const inner = md5(password, salt, password);
  const bits: Buffer[] = [];
  for (let left = password.length; left > 0; left >>>= 1) bits.push((left & 1) === 1 ? Buffer.of(0) : password.subarray(0, 1));
  let sum = md5(password, Buffer.from(magic), salt, Buffer.alloc(password.length, password.length === 0 ? undefined : inner), ...bits);
  for (let round = 0; round < 1000; round += 1) {
    const odd = (round & 1) === 1;
    const parts = [odd ? password : sum];
    if (round % 3 !== 0) parts.push(salt);
    if (round % 7 !== 0) parts.push(password);
    parts.push(odd ? sum : password);
    sum = md5(...parts);
  }
  return cryptBase64(sum, order);
}
