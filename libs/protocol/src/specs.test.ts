import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const source = import.meta.dirname;
const specs = readFileSync(join(source, '../SPECS.md'), 'utf8');

/** Rows of all tables: section, requirement, file, tests. */
const rows = specs
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\| *(section|-)/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );

test('SPECS.md: every row has a section, a requirement, a file and a test', () => {
  expect(rows.length).toBeGreaterThan(70);
  for (const row of rows) expect(row, row.join(' | ')).toHaveLength(4);
});

test('SPECS.md: every file exists', () => {
  const files = rows.map(([, , file = '']) => file.replaceAll('`', ''));
  expect(files.filter((file) => !existsSync(join(source, file)))).toEqual([]);
});

test('SPECS.md: every test exists under its title', () => {
  const named = rows.flatMap(([, , , tests = '']) => tests.split('<br>'));
  const missing = named.filter((name) => {
    const [, file, title] = /^`([^`]+)`: (.+)$/.exec(name) ?? [];
    if (file === undefined || title === undefined || !existsSync(join(source, file))) return true;
    return !readFileSync(join(source, file), 'utf8').includes(`'${title}'`);
  });
  expect(missing).toEqual([]);
});

test.each([
  ...['RFC 7638', 'RFC 8628', 'RFC 8705', 'RFC 9449', 'RFC 10027'],
  ...['RFC 7521', 'RFC 7523', 'RFC 8693', 'RFC 8725'],
  ...['RFC 6749', 'RFC 6750', 'RFC 7009', 'RFC 7591', 'RFC 7592', 'RFC 7636', 'RFC 7662', 'RFC 8252', 'RFC 8414', 'RFC 8707', 'RFC 9068'],
  ...[
    'RFC 7516',
    'RFC 9101',
    'RFC 9126',
    'RFC 9207',
    'RFC 9470',
    'RFC 9700',
    'RFC 9728',
    'RFC 10070',
    'OpenID Connect Core',
    'Discovery',
    'Registration',
    'RP-Initiated Logout',
    'Form Post',
  ],
])('SPECS.md: %s has a heading', (name) => {
  const headings = specs.split('\n').filter((line) => line.startsWith('## '));
  expect(headings.some((heading) => heading.includes(name))).toBe(true);
});
