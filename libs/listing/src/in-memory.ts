import type { Term } from './filter.ts';
import type { OrderColumn } from './order.ts';
import type { CutPage, Page } from './page.ts';

/** What a row says about a filter's field; a list holds the term when one of its members does. */
export type Readers<R, F extends string> = Readonly<Record<F, (row: R) => string | boolean | readonly string[]>>;

export function matches<R, F extends string>(terms: readonly Term<F>[], row: R, readers: Readers<R, F>): boolean {
  return terms.every((term) => {
    const value = readers[term.field](row);
    if (typeof value === 'boolean') return value === term.value;
    const texts = typeof value === 'string' ? [value] : value;
    return texts.some((text) => (term.match === 'prefix' ? text.startsWith(term.value) : text === term.value));
  });
}

type Key = readonly (string | number | bigint)[];

/** The same page over rows that are in memory (settings, keys, the sessions of one person). */
export function pageOf<R>(rows: readonly R[], page: Page, keyOf: (row: R) => Key): CutPage<R> {
  const { columns, descending } = page.order;
  const sign = descending ? -1 : 1;
  const compare = (a: Key, b: Key): number => sign * compareKeys(columns, a, b);
  const sorted = [...rows].sort((a, b) => compare(keyOf(a), keyOf(b)));
  const { after } = page;
  const behind = after === undefined ? sorted : sorted.filter((row) => compare(keyOf(row), after) > 0);
  return page.cut(behind.slice(0, page.limit), keyOf);
}

function compareKeys(columns: readonly OrderColumn[], a: Key, b: Key): number {
  for (const [index, { type }] of columns.entries()) {
    const [left, right] = [a[index] ?? '', b[index] ?? ''];
    const order = type === 'bigint' ? compared(BigInt(left), BigInt(right)) : compared(String(left), String(right));
    if (order !== 0) return order;
  }
  return 0;
}

function compared<T extends bigint | string>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
