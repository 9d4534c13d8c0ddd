import { clean, cut, width } from './clean.ts';

export interface Column<T> {
  readonly title: string;
  readonly of: (row: T) => string | number | boolean;
  /** What people copy (an id) is never cut. */
  readonly whole?: boolean;
}

export interface TableStyle {
  readonly bold: boolean;
}

/** No table is wider (pages.md). */
export const widest = 100;
const gap = 2;
const narrowest = 6;

/** A table of at most 100 columns: the widest columns that may be cut give way first. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[], { bold }: TableStyle): string {
  const cells = rows.map((row) => columns.map(({ of }) => text(of(row))));
  const titles = columns.map(({ title }) => title.toUpperCase());
  const widths = fit(
    [titles, ...cells],
    columns.map(({ whole = false }) => whole),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => pad(cell, widths[index] ?? 0))
      .join(' '.repeat(gap))
      .trimEnd();
  const head = bold ? `\x1b[1m${line(titles)}\x1b[22m` : line(titles);
  return `${[head, ...cells.map(line)].join('\n')}\n`;
}

/** One thing, a line for each of its fields. */
export function fields(pairs: readonly (readonly [string, string])[], { bold }: TableStyle): string {
  const names = Math.max(0, ...pairs.map(([name]) => width(name)));
  const line = ([name, value]: readonly [string, string]): string => {
    const label = pad(name, names);
    return `${bold ? `\x1b[1m${label}\x1b[22m` : label}${' '.repeat(gap)}${clean(value)}`.trimEnd();
  };
  return `${pairs.map(line).join('\n')}\n`;
}

function text(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return clean(String(value)) || '-';
}

function fit(rows: readonly (readonly string[])[], whole: readonly boolean[]): number[] {
  const widths = whole.map((_, index) => Math.max(...rows.map((row) => width(row[index] ?? ''))));
  let over = widths.reduce((sum, one) => sum + one, 0) + gap * (widths.length - 1) - widest;
  while (over > 0) {
    const index = widestOf(widths, (at) => whole[at] !== true) ?? widestOf(widths, () => true);
    if (index === undefined) break;
    widths[index] = (widths[index] ?? 0) - 1;
    over -= 1;
  }
  return widths;
}

function widestOf(widths: readonly number[], may: (index: number) => boolean): number | undefined {
  let found: number | undefined;
  for (const [index, one] of widths.entries()) {
    if (may(index) && one > narrowest && (found === undefined || one > (widths[found] ?? 0))) found = index;
  }
  return found;
}

function pad(cell: string, columns: number): string {
  const shown = cut(cell, columns);
  return shown + ' '.repeat(Math.max(0, columns - width(shown)));
}
