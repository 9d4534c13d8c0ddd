import { scryptSync } from 'node:crypto';
import { bytesOf, type Check, cost, type HashFormat, HashRefused, leastHashBytes, sameBytes } from './format.ts';

/** RFC 7914 §2. */
export interface ScryptParameters {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

const phc = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]*)\$([^$]+)$/;
const django = /^scrypt\$(\d+)\$([^$]*)\$(\d+)\$(\d+)\$([^$]+)$/;
const werkzeug = /^scrypt:(\d+):(\d+):(\d+)\$([^$]*)\$([0-9a-f]+)$/;
const mostMemory = 128 << 20;
/** The memory times the passes: OWASP's N=2^17, r=8, p=1 is allowed, and takes a quarter of a second. */
const mostWork = 1 << 21;

/** scrypt (RFC 7914): PHC strings (passlib, Go), Django's and Werkzeug's. */
export const scrypt: HashFormat = {
  name: 'scrypt',
  read(hash) {
    const [, ln, r, p, salt, digest] = phc.exec(hash) ?? [];
    if (ln !== undefined) {
      const parameters = scryptParameters(2 ** cost('ln', ln, 1, 20), r, p);
      return checkOf(parameters, bytesOf('salt', salt), bytesOf('digest', digest, leastHashBytes));
    }
    const [, n, text, blocks, lanes, stored] = django.exec(hash) ?? [];
    if (n !== undefined) {
      return checkOf(scryptParameters(Number(n), blocks, lanes), Buffer.from(text ?? ''), bytesOf('digest', stored, leastHashBytes));
    }
    const [, flaskN, flaskR, flaskP, flaskSalt, hex] = werkzeug.exec(hash) ?? [];
    if (flaskN !== undefined) {
      const key = bytesOf('digest', Buffer.from(hex ?? '', 'hex').toString('base64'), leastHashBytes);
      return checkOf(scryptParameters(Number(flaskN), flaskR, flaskP), Buffer.from(flaskSalt ?? ''), key);
    }
    if (/^\$?scrypt[$:]/.test(hash)) throw new HashRefused('is no hash of scrypt in a known writing');
    return undefined;
  },
};

/** Parameters in bounds of time and memory. */
export function scryptParameters(N: number, blocks: string | undefined, lanes: string | undefined): ScryptParameters {
  const r = cost('r', blocks, 1, 64);
  const p = cost('p', lanes, 1, 64);
  if (!Number.isInteger(Math.log2(N)) || N < 2) throw new HashRefused('has a cost of scrypt that is no power of two');
  if (128 * N * r > mostMemory || N * r * p > mostWork) throw new HashRefused('costs too much: at most 128 MiB, and N × r × p up to 2^21');
  return { N, r, p };
}

export function scryptKey(password: string, salt: Buffer, length: number, parameters: ScryptParameters): Buffer {
  return scryptSync(password, salt, length, { ...parameters, maxmem: mostMemory + (16 << 20) });
}

function checkOf(parameters: ScryptParameters, salt: Buffer, key: Buffer): Check {
  return (password) => sameBytes(scryptKey(password, salt, key.length, parameters), key);
}
