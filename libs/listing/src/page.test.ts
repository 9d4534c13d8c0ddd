import { StatusError } from '@authority/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Order, page, pageOf, type PageRequest } from './index.ts';

const order: Order = {
  columns: [
    { column: 'create_time_ms', type: 'bigint' },
    { column: 'id', type: 'text' },
  ],
};
const newestFirst: Order = { ...order, descending: true };

interface Row {
  readonly at: number;
  readonly id: string;
}
const keyOf = (row: Row): readonly (string | number)[] => [row.at, row.id];
const rows = fc.uniqueArray(fc.record({ at: fc.integer({ min: 0, max: 5 }), id: fc.string({ maxLength: 6 }) }), {
  selector: (row) => JSON.stringify(row),
  maxLength: 60,
});

function walk(all: readonly Row[], size: number, by: Order, change?: (seen: Row[]) => readonly Row[]): Row[] {
  const seen: Row[] = [];
  let now = all;
  let page_token = '';
  do {
    const cut = pageOf(now, page({ page_size: size, page_token, filter: 'x = "y"' }, { list: 'rows', order: by }), keyOf);
    seen.push(...cut.rows);
    page_token = cut.next_page_token;
    now = change?.(seen) ?? now;
  } while (page_token !== '');
  return seen;
}

function refused(request: PageRequest, list = 'rows', by = order): StatusError {
  try {
    page(request, { list, order: by });
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

function tokenOf(filter: string, by = order): string {
  const { cut } = page({ page_size: 1, page_token: '', filter }, { list: 'rows', order: by });
  return cut([1, 2], (at) => [at, 'a']).next_page_token;
}

describe('AIP-158 pages', () => {
  test('AIP-158: the pages of a list hold every row once, in order, whatever their size', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 7 }), fc.constantFrom(order, newestFirst), (all, size, by) => {
        const seen = walk(all, size, by);
        expect(seen).toHaveLength(all.length);
        const sorted = walk(all, 500, by);
        expect(seen).toEqual(sorted);
      }),
    );
  });

  test('AIP-158: rows that come before the cursor while a list is read neither hide nor double another', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 4 }), (all, size) => {
        const seen = walk(all, size, order, (soFar) => [{ at: -1, id: `new ${soFar.length}` }, ...all]);
        expect(seen.filter((row) => row.at >= 0)).toHaveLength(all.length);
        expect(new Set(seen.map((row) => JSON.stringify(row))).size).toBe(seen.length);
      }),
    );
  });

  test('AIP-158: page_size is 50 when nothing is said and 500 at most', () => {
    const sizeOf = (page_size: number): number => page({ page_size, page_token: '' }, { list: 'rows', order }).size;
    expect([sizeOf(0), sizeOf(7), sizeOf(500), sizeOf(501), sizeOf(2 ** 31)]).toEqual([50, 7, 500, 500, 500]);
  });

  test('AIP-158: a token of another list, filter, order or bound is INVALID_ARGUMENT at page_token', () => {
    const token = tokenOf('a = "b"');
    for (const error of [
      refused({ page_size: 1, page_token: token, filter: 'a = "c"' }),
      refused({ page_size: 1, page_token: token, filter: 'a = "b"' }, 'others'),
      refused({ page_size: 1, page_token: token, filter: 'a = "b"' }, 'rows', newestFirst),
    ]) {
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'page_token_invalid' });
      expect(error.violations.map(({ field }) => field)).toEqual(['page_token']);
    }
  });

  test('AIP-158: any text as a token is a cursor of the right types or INVALID_ARGUMENT, never a fault', () => {
    const token = tokenOf('');
    const bent = fc
      .tuple(fc.nat(token.length - 1), fc.base64String({ minLength: 1, maxLength: 4 }))
      .map(([at, text]) => token.slice(0, at) + text + token.slice(at + text.length));
    fc.assert(
      fc.property(fc.oneof(fc.string(), bent), (page_token) => {
        fc.pre(page_token !== '');
        try {
          const { after } = page({ page_size: 1, page_token, filter: '' }, { list: 'rows', order });
          expect(after).toHaveLength(2);
          expect(after?.[0]).toMatch(/^-?\d+$/);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
        }
      }),
      { numRuns: 500 },
    );
  });

  test('AIP-158: all that is wrong with paging is told at once', () => {
    const error = refused({ page_size: -1, page_token: 'nonsense' });
    expect(error.violations.map(({ field }) => field)).toEqual(['page_size', 'page_token']);
  });
});
