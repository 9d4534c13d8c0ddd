import { hash as digestOf } from 'node:crypto';
import { cryptBase64, cryptDigit } from './crypt-base64.ts';
import { cost, type HashFormat, HashRefused, sameBytes } from './format.ts';

const pattern = /^\$([PHS])\$(.)([./A-Za-z0-9]{8})([./A-Za-z0-9]+)$/;

/** phpass: WordPress ($P$), phpBB ($H$), both with MD5, and Drupal 7 ($S$, SHA-512, of which it keeps 43 digits). */
export const phpass: HashFormat = {
  name: 'phpass',
  read(hash) {
    if (!/^\$[PHS]\$/.test(hash)) return undefined;
    const [, kind, rounds, salt = '', digest = ''] = pattern.exec(hash) ?? [];
    const digits = kind === 'S' ? 43 : 22;
    if (kind === undefined || digest.length !== digits) throw new HashRefused('is no hash of phpass');
    const count = 2 ** cost('a cost', String(cryptDigit(rounds) ?? ''), 7, 19);
    const algorithm = kind === 'S' ? 'sha512' : 'md5';
    return (password) => sameBytes(Buffer.from(phpassOf(algorithm, salt, count, password).slice(0, digits)), Buffer.from(digest));
  },
};

function phpassOf(algorithm: 'md5' | 'sha512', salt: string, rounds: number, text: string): string {
  const password = Buffer.from(text);
  let sum: Buffer = digestOf(algorithm, Buffer.concat([Buffer.from(salt), password]), 'buffer');
  for (let round = 0; round < rounds; round += 1) sum = digestOf(algorithm, Buffer.concat([sum, password]), 'buffer');
  // The lowest bits first: the order within each group of three is turned.
  const order = Array.from({ length: Math.ceil(sum.length / 3) }, (_, group) => [group * 3, group * 3 + 1, group * 3 + 2]);
  return order.map((three) => cryptBase64(sum, three.filter((at) => at < sum.length).reverse())).join('');
}
