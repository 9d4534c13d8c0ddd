import fc from 'fast-check';

/*
 * What people and attackers write, for properties. fast-check has such texts too (`unit: 'grapheme'`, `'binary'`, `webUrl`), but makes its
 * table of all of Unicode first, which takes longer than every property of the core together.
 */

const point = (min: number, max: number) => fc.integer({ min, max }).map((code) => String.fromCodePoint(code));

/** One character, or what looks like one: combined, joined, turned, wide, private, of every plane; never half a surrogate pair. */
const written = fc.oneof(
  { weight: 4, arbitrary: point(0x20, 0x7e) },
  point(0x00, 0x1f),
  point(0x7f, 0x24f),
  point(0x250, 0xd7ff),
  point(0xe000, 0xffff),
  point(0x1_0000, 0x10_ffff),
  point(0x300, 0x36f).map((mark) => `e${mark}`),
  fc.constantFrom('\u0301', '\u200d', '\u202e', '\u2028', '\ufeff', '\ufffd', 'ß', 'İ', 'ﬁ', '日', '한', 'ﷺ', '🇩🇪', '👩‍👩‍👧‍👦', '❤️', '1️⃣'),
);

/** Half of a surrogate pair: a string that is no text. */
const half = point(0xd800, 0xdfff);

/** Text, controls and NUL included: well-formed, so that it comes back from UTF-8 as it was. */
export const anyText = (maxLength = 20) => fc.string({ unit: written, maxLength });

/** Whatever a string can hold, halves of surrogate pairs included. */
export const anyString = (maxLength = 30) => fc.string({ unit: fc.oneof({ weight: 7, arbitrary: written }, half), maxLength });
