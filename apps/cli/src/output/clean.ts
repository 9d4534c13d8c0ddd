/**
 * Text of others (a client's name from dynamic registration, a user agent) must not steer the terminal: control
 * characters, and those that turn the direction of writing, are shown as `?`.
 */
export function clean(text: string): string {
  return text.replace(/[\s\u2028\u2029]+/g, ' ').replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '?');
}

const segments = new Intl.Segmenter('en', { granularity: 'grapheme' });
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;

const widthOf = (segment: string): number => (wide.test(segment) ? 2 : 1);

/** Columns that a text takes on a terminal. */
export function width(text: string): number {
  let columns = 0;
  for (const { segment } of segments.segment(text)) columns += widthOf(segment);
  return columns;
}

/** At most so many columns; what is cut off ends with `…`. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let [kept, used] = ['', 0];
  for (const { segment } of segments.segment(text)) {
    used += widthOf(segment);
    if (used > columns - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}
