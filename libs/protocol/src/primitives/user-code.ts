import type { Random } from '../ports.ts';

/** Letters without vowels, so that no word comes out, and without Y, which looks like V (RFC 8628 §6.1). */
const letters = 'BCDFGHJKLMNPQRSTVWXZ';
const length = 8;
const groupLength = 4;
/** Bytes from here on would make the first letters likelier than the others. */
const unbiased = 256 - (256 % letters.length);

/** A user code of 8 letters of 20: 34.5 bits, for as long as it lives (RFC 8628 §5.1). */
export function makeUserCode(random: Pick<Random, 'bytes'>): string {
  let code = '';
  while (code.length < length) {
    for (const byte of random.bytes(2 * length)) {
      if (byte < unbiased && code.length < length) code += letters.charAt(byte % letters.length);
    }
  }
  return code;
}

/** As people read and type it: two groups of four. */
export function formatUserCode(code: string): string {
  return `${code.slice(0, groupLength)}-${code.slice(groupLength)}`;
}

/**
 * What somebody typed, in the one spelling (RFC 8628 §6.1): blind to case, and without whatever is no letter of ours.
 * Undefined when that cannot be a code; then it need not be looked for.
 */
export function normalizeUserCode(typed: string): string | undefined {
  if (typed.length > 64) return undefined;
  const code = typed.toUpperCase().replaceAll(/[\s\p{P}]/gu, '');
  return code.length === length && [...code].every((letter) => letters.includes(letter)) ? code : undefined;
}
