import { createReadStream } from 'node:fs';

/** A line of a file, and where the next one begins. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Undefined: longer than any record. */
  readonly text: string | undefined;
  readonly end: number;
}

/** More bytes no call to the server may have. */
const longestLine = 512 << 10;
const newline = 0x0a;

/** The lines of a file from an offset on, which is the beginning of line `number`. Empty ones are left out. */
export async function* linesOf(path: string, from: { readonly offset: number; readonly number: number }): AsyncGenerator<Line> {
  let { offset: end, number } = from;
  let kept: Buffer[] = [];
  let length = 0;
  const line = (): Line => ({ number, text: length > longestLine ? undefined : textOf(kept, end === length), end });
  for await (const chunk of createReadStream(path, { start: from.offset })) {
    let rest = Buffer.from(chunk);
    for (;;) {
      const at = rest.indexOf(newline);
      const piece = at < 0 ? rest : rest.subarray(0, at);
      length += piece.length;
      end += piece.length;
      // What is too long is counted, and not kept.
      if (length <= longestLine) kept.push(piece);
      if (at < 0) break;
      const found = line();
      end += 1;
      if (found.text !== '') yield { ...found, end };
      number += 1;
      [kept, length] = [[], 0];
      rest = rest.subarray(at + 1);
    }
  }
  const last = line();
  if (last.text !== '') yield last;
}

/** Some programs begin a file with a byte order mark. */
function textOf(kept: readonly Buffer[], isFirst: boolean): string {
  const text = Buffer.concat(kept).toString('utf8');
  return (isFirst ? text.replace(/^\uFEFF/, '') : text).trim();
}
