import { randomBytes } from 'node:crypto';

/** Crockford's base32: no letter that looks like a digit, no U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const codeLength = 16;

export const numberOfCodes = 10;

/** 80 bits each, in groups of four. */
export const newCodes = (): string[] => Array.from({ length: numberOfCodes }, newCode);

function newCode(): string {
  // 32 letters: a byte's low five bits choose each without a bias.
  const letters = [...randomBytes(codeLength)].map((byte) => alphabet[byte & 31] ?? '');
  return letters.join('').replace(/.{4}(?=.)/g, '$&-');
}

/** A code as people type it: in any case and grouping, O for 0, I and L for 1. Undefined when it cannot be one. */
export function normalizeCode(text: string): string | undefined {
  if (text.length > 128) return undefined;
  const letters = text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\-\u2010-\u2015]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');
  return letters.length === codeLength && [...letters].every((letter) => alphabet.includes(letter)) ? letters : undefined;
}
