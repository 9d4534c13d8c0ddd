import { anyText } from '@authority/testing/text';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exact, flag, matches, oneOf, parseFilter, prefix, quote, Where, page } from './index.ts';

const fields = {
  client_id: exact(),
  client_name: prefix(),
  email: exact((value) => value.toLowerCase()),
  state: oneOf('next', 'current'),
  disabled: flag(),
} as const;

const wellFormed = anyText(40).filter((text) => !text.includes('\0'));

function mistake(filter: string): string {
  try {
    parseFilter(filter, fields);
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'filter_invalid', violations: [{ field: 'filter' }] });
    return error instanceof Error ? error.message : '';
  }
  throw new Error(`was not refused: ${filter}`);
}

describe('AIP-160 filters', () => {
  test('AIP-160: terms joined by AND become a typed list', () => {
    const filter = 'client_id = "c_1" AND client_name="my*"  AND disabled = true AND state = "next" AND email = "A@B.example"';
    expect(parseFilter(filter, fields)).toEqual([
      { field: 'client_id', match: 'equals', value: 'c_1' },
      { field: 'client_name', match: 'prefix', value: 'my' },
      { field: 'disabled', match: 'is', value: true },
      { field: 'state', match: 'equals', value: 'next' },
      { field: 'email', match: 'equals', value: 'a@b.example' },
    ]);
    expect(parseFilter('  ', fields)).toEqual([]);
  });

  test('AIP-160: every value survives quoting, quotes, backslashes and * included', () => {
    fc.assert(
      fc.property(wellFormed, (value) => {
        expect(parseFilter(`client_name = ${quote(value)}`, fields)).toEqual([{ field: 'client_name', match: 'equals', value }]);
      }),
    );
  });

  test.each([
    ['client_id', 'needs = after client_id'],
    ['client_id =', 'needs a value in double quotes'],
    ['client_id = c_1', 'needs a value in double quotes'],
    ['client_id > "c"', 'cannot be read at character 11'],
    ['client_id = "c', 'cannot be read at character 13'],
    ['client_id = "c" OR client_id = "d"', 'needs AND at character 17'],
    ['client_id = "c" AND', 'must not end with AND'],
    ['client_id = "c*"', 'takes no * for client_id'],
    ['secret = "c"', 'has no field of this name: secret; there is client_id'],
    ['constructor = "c"', 'has no field of this name'],
    ['disabled = "maybe"', 'needs "true" or "false"'],
    ['state = "gone"', 'needs one of next, current'],
    ['client_id = "\0"', 'without NUL'],
    ['client_id = "\ud800"', 'well-formed'],
    [`client_id = "${'x'.repeat(3000)}"`, 'at most 2048 characters'],
    [Array(17).fill('disabled = true').join(' AND '), 'at most 16 terms'],
  ])('AIP-160: %j is INVALID_ARGUMENT and says what to write', (filter, words) => {
    expect(mistake(filter)).toContain(words);
  });

  test('AIP-160: any text is read or is INVALID_ARGUMENT, never a fault', () => {
    const pieces = fc.constantFrom('client_id', '=', '"a"', '"a*"', 'AND', ' ', '"', '\\', 'disabled', 'true', '(', 'é');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((some) => some.join(' ')),
        ),
        (filter) => {
          try {
            parseFilter(filter, fields);
          } catch (error) {
            expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('AIP-160 filters as SQL', () => {
  const columns = {
    client_id: 'client_id',
    client_name: 'client_name',
    email: 'email',
    state: 'state',
    disabled: 'disabled',
  };

  test('AIP-160: what the caller sent is in the parameters only, and the text depends on the shape alone', () => {
    const text = (value: string): string => new Where().filter(parseFilter(`client_name = ${quote(value)}`, fields), columns).sql;
    fc.assert(
      fc.property(wellFormed, (value) => {
        expect(text(value)).toBe('WHERE (client_name = $1)');
      }),
    );
  });

  test('AIP-158: filter, own conditions and the cursor are one condition with parameters in order', () => {
    const order = {
      columns: [
        { column: 'at', type: 'timestamptz' },
        { column: 'id', type: 'uuid' },
      ],
    } as const;
    const first = page({ page_size: 1, page_token: '' }, { list: 'x', order });
    const key = ['2026-01-02 03:04:05.123456+00', '01890000-0000-7000-8000-000000000000'];
    const { next_page_token } = first.cut([1, 2], () => key);
    const second = page({ page_size: 1, page_token: next_page_token }, { list: 'x', order });

    const where = new Where(['realm'])
      .add('deleted_at IS NULL')
      .add('sub = ', 's')
      .filter(parseFilter('client_id = "c" AND client_name = "n*"', fields), { ...columns, client_id: (p) => `${p} = ANY(ids)` })
      .after(second);
    expect(where.sql).toBe(
      'WHERE (deleted_at IS NULL) AND (sub = $2) AND ($3 = ANY(ids)) AND (starts_with(client_name, $4)) AND ((at, id) > ($5::timestamptz, $6::uuid))',
    );
    expect(where.values).toEqual(['realm', 's', 'c', 'n', ...key]);
    expect(second.orderBy).toBe('ORDER BY at, id');
    expect(where.shape).not.toBe(new Where().shape);
    const larger = page({ page_size: 2, page_token: '' }, { list: 'x', order });
    expect(new Where().after(larger).shape).not.toBe(new Where().after(first).shape);
  });

  test('AIP-160: rows in memory are found by the same terms', () => {
    const rows = [
      { name: 'my app', on: true, types: ['a', 'b'] },
      { name: 'other', on: false, types: ['b'] },
    ];
    const names = (filter: string): string[] =>
      rows
        .filter((row) =>
          matches(parseFilter(filter, { name: prefix(), on: flag(), types: exact() }), row, {
            name: (one) => one.name,
            on: (one) => one.on,
            types: (one) => one.types,
          }),
        )
        .map(({ name }) => name);
    expect(names('name = "my*"')).toEqual(['my app']);
    expect(names('types = "b" AND on = false')).toEqual(['other']);
    expect(names('types = "c"')).toEqual([]);
  });
});
