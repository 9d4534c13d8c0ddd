/** The parts of a pattern; a `test` judges one character. */
export type Pattern =
  | { readonly kind: 'character'; readonly source: string }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly part: Pattern; readonly least: number; readonly most: number };

const longestPattern = 256;
/** Of `\`: classes and characters. Back-references and word boundaries are not regular, or need to look around. */
const escapes =
  /\\(?:[dDwWsSnrtfv]|[pP]\{[A-Za-z_=]{1,40}\}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}|x[0-9a-fA-F]{2}|[\^$\\.*+?()[\]{}|/-])/uy;
const classes = /\[\^?(?:\\(?:[pPu]\{[^}]*\}|.)|[^\]\\])*\]/uy;
const quantifiers = /(?:[*+?]|\{(\d{1,4})(?:(,)(\d{1,4})?)?\})\??/uy;

/** Reads the regular part of ECMA-262's regular expressions (§22.2.1, flag `u`); throws an Error whose text is for operators. */
export function parsePattern(text: string): Pattern {
  if (text.length > longestPattern) throw new Error(`is longer than ${longestPattern} characters`);
  if (/\(\?(?!:)/.test(text)) throw new Error('looks around or names a group; there are (…), (?:…), |, *, +, ?, {n,m}, classes, ^ and $');
  try {
    new RegExp(text, 'u');
  } catch {
    throw new Error('is no regular expression (ECMA-262, flag u)');
  }
  const reader = { text, at: 0 };
  const pattern = readChoice(reader, 0);
  if (reader.at < text.length) throw new Error('is no regular expression');
  return pattern;
}

interface Reader {
  readonly text: string;
  at: number;
}

function readChoice(reader: Reader, depth: number): Pattern {
  if (depth > 16) throw new Error('has groups nested deeper than 16');
  const parts = [readSequence(reader, depth)];
  while (reader.text[reader.at] === '|') {
    reader.at += 1;
    parts.push(readSequence(reader, depth));
  }
  return { kind: 'choice', parts };
}

function readSequence(reader: Reader, depth: number): Pattern {
  const parts: Pattern[] = [];
  while (reader.at < reader.text.length && !'|)'.includes(reader.text[reader.at] ?? '')) {
    parts.push(readQuantifier(reader, readAtom(reader, depth)));
  }
  return { kind: 'sequence', parts };
}

function readAtom(reader: Reader, depth: number): Pattern {
  const { text, at } = reader;
  if (text[at] === '(') {
    reader.at += text.startsWith('(?:', at) ? 3 : 1;
    const group = readChoice(reader, depth + 1);
    reader.at += 1; // ')': the whole was seen to be well-formed
    return group;
  }
  if (text[at] === '^' || text[at] === '$') {
    reader.at += 1;
    return { kind: text[at] === '^' ? 'start' : 'end' };
  }
  if (text[at] === '[') return { kind: 'character', source: taken(reader, classes) };
  if (text[at] === '\\') return { kind: 'character', source: taken(reader, escapes) };
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  reader.at += character.length;
  return { kind: 'character', source: character };
}

function readQuantifier(reader: Reader, part: Pattern): Pattern {
  quantifiers.lastIndex = reader.at;
  const found = quantifiers.exec(reader.text);
  if (!found) return part;
  reader.at = quantifiers.lastIndex;
  const [quantifier, count, open, upTo] = found;
  if (count === undefined) {
    return { kind: 'repeat', part, least: quantifier.startsWith('+') ? 1 : 0, most: quantifier.startsWith('?') ? 1 : Infinity };
  }
  const least = Number(count);
  return { kind: 'repeat', part, least, most: open === undefined ? least : upTo === undefined ? Infinity : Number(upTo) };
}

function taken(reader: Reader, expression: RegExp): string {
  expression.lastIndex = reader.at;
  const found = expression.exec(reader.text);
  if (!found) throw new Error('refers back, looks around, or escapes what needs no escape');
  reader.at = expression.lastIndex;
  return found[0];
}
