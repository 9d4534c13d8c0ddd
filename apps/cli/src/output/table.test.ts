import { anyText } from '@authority/testing/text';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clean, cut, width } from './clean.ts';
import { type Column, table, widest } from './table.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly words: string;
}
const columns: readonly Column<Row>[] = [
  { title: 'id', of: (row) => row.id, whole: true },
  { title: 'name', of: (row) => row.name },
  { title: 'words', of: (row) => row.words },
  { title: 'on', of: () => true },
];
const row = fc.record({
  id: fc.string({ minLength: 36, maxLength: 36, unit: fc.constantFrom('a', '1', '-') }),
  name: anyText(120),
  words: anyText(300),
});

describe('pages.md: tables', () => {
  test('pages.md: a table fits 100 columns whatever is in it, and never cuts an id', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
        const lines = table(rows, columns, { bold: false }).trimEnd().split('\n');
        expect(lines).toHaveLength(rows.length + 1);
        for (const line of lines) expect(width(line)).toBeLessThanOrEqual(widest);
        for (const [index, { id }] of rows.entries()) expect(lines[index + 1]?.startsWith(id)).toBe(true);
      }),
    );
  });

  test('pages.md: wide characters count two columns; what is cut ends with …', () => {
    expect(width('日本')).toBe(4);
    expect(width('e\u0301')).toBe(1);
    expect(cut('日本語', 5)).toBe('日本…');
    expect(cut('abc', 3)).toBe('abc');
  });

  test('pages.md: control characters and turned writing are shown, not obeyed', () => {
    expect(clean('a\x1b[2Jb\u202ec\u0085d\n e')).toBe('a?[2Jb?c?d e');
  });
});
