import { hash as digestOf } from 'node:crypto';
import { cryptBase64 } from './crypt-base64.ts';
import { cost, type HashFormat, HashRefused, sameBytes } from './format.ts';

interface Variant {
  readonly digest: 'sha256' | 'sha512';
  readonly length: number;
  /** The order in which the specification writes the digest's bytes. */
  readonly order: readonly number[];
}

const order256 = [0, 10, 20, 21, 1, 11, 12, 22, 2, 3, 13, 23, 24, 4, 14, 15, 25, 5, 6, 16, 26, 27, 7, 17, 18, 28, 8, 9, 19, 29, 31, 30];
const order512 = Array.from({ length: 21 }, (_, group) => {
  const three = [group, group + 21, group + 42];
  const turn = group % 3;
  return [...three.slice(turn), ...three.slice(0, turn)];
}).flat();

const variants: Readonly<Record<string, Variant>> = {
  5: { digest: 'sha256', length: 32, order: order256 },
  6: { digest: 'sha512', length: 64, order: [...order512, 63] },
};

const pattern = /^\$([56])\$(?:rounds=(\d+)\$)?([^$]{0,16})\$([./A-Za-z0-9]+)$/;

/** SHA-crypt ($5$, $6$), after Drepper's "Unix crypt using SHA-256 and SHA-512". */
export const shaCrypt: HashFormat = {
  name: 'sha-crypt',
  read(hash) {
    if (!/^\$[56]\$/.test(hash)) return undefined;
    const [, id = '', rounds, salt = '', digest] = pattern.exec(hash) ?? [];
    const variant = variants[id];
    if (digest === undefined || !variant) throw new HashRefused('is no hash of SHA-crypt');
    if (digest.length !== cryptBase64(Buffer.alloc(64), variant.order).length) throw new HashRefused('has a digest of another length');
    const count = rounds === undefined ? 5000 : cost('rounds', rounds, 1000, 1_000_000);
    return (password) => sameBytes(Buffer.from(shaCryptOf(variant, password, salt, count)), Buffer.from(digest));
  },
};

/** Steps 1 to 22 of the specification. */
function shaCryptOf({ digest, length, order }: Variant, text: string, salted: string, rounds: number): string {
  const hash = (...parts: readonly Buffer[]): Buffer => digestOf(digest, Buffer.concat(parts), 'buffer');
  const password = Buffer.from(text);
  const salt = Buffer.from(salted);
  const b = hash(password, salt, password);
  const bits: Buffer[] = [];
  for (let left = password.length; left > 0; left >>>= 1) bits.push((left & 1) === 1 ? b : password);
  let a = hash(password, salt, repeated(b, password.length), ...bits);

  const p = repeated(hash(Buffer.concat(Array.from({ length: password.length }, () => password))), password.length);
  const s = repeated(hash(Buffer.concat(Array.from({ length: 16 + (a[0] ?? 0) }, () => salt))), salt.length);
  for (let round = 0; round < rounds; round += 1) {
    const odd = (round & 1) === 1;
    const parts = [odd ? p : a];
    if (round % 3 !== 0) parts.push(s);
    if (round % 7 !== 0) parts.push(p);
    parts.push(odd ? a : p);
    a = hash(...parts);
  }
  return cryptBase64(a.subarray(0, length), order);
}

function repeated(block: Buffer, length: number): Buffer {
  return Buffer.alloc(length, length === 0 ? undefined : block);
}
