/** One word of a filter. `at` counts characters from 1, for the person who must find the mistake. */
export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly at: number }
  | { readonly kind: 'equals'; readonly at: number }
  | { readonly kind: 'value'; readonly text: string; readonly wildcard: boolean; readonly at: number };

/** Why a filter cannot be read, in words for the person who wrote it. */
export class FilterMistake extends Error {}

const pattern = /\s+|([A-Za-z_][A-Za-z0-9_.]*)|(=)|"((?:[^"\\]|\\["\\*])*)"/y;

/** Splits a filter into words, `=` and quoted values (`\"`, `\\` and `\*` stand for themselves). */
export function words(filter: string): Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < filter.length) {
    const at = pattern.lastIndex + 1;
    const match = pattern.exec(filter);
    if (match === null) throw new FilterMistake(`cannot be read at character ${at}; write field = "value" AND field = "value"`);
    const [, word, equals, quoted] = match;
    if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
    else if (equals !== undefined) tokens.push({ kind: 'equals', at });
    else if (quoted !== undefined) tokens.push({ kind: 'value', ...unquoted(quoted), at });
  }
  return tokens;
}

function unquoted(quoted: string): { text: string; wildcard: boolean } {
  // An even run of backslashes before the last `*` leaves the `*` bare.
  const wildcard = /(?:^|[^\\])(?:\\\\)*\*$/.test(quoted);
  const body = wildcard ? quoted.slice(0, -1) : quoted;
  return { text: body.replace(/\\(["\\*])/g, '$1'), wildcard };
}

/** Quotes a value so that a filter means it literally. */
export function quote(value: string): string {
  return `"${value.replace(/["\\*]/g, '\\$&')}"`;
}
