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

/** Issue 3, "What shows that it is done", 6. */
const specifications = [
  ...[6749, 6750, 7009, 7515, 7516, 7517, 7518, 7519, 7521, 7523, 7591, 7592, 7636, 7638, 7662, 8176, 8252, 8414, 8628, 8693, 8705, 8707],
  ...[8725, 9068, 9101, 9126, 9207, 9449, 9470, 9700, 9701, 9728, 10027, 10070],
].map((number) => `RFC ${number}`);

test.each([
  ...specifications,
  ...['Client ID Metadata', 'OAuth 2.1', 'FAPI 2.0 Security Profile'],
  ...['OpenID Connect Core', 'Discovery', 'Registration', 'Multiple Response Types', 'Form Post'],
  ...['RP-Initiated Logout', 'Back-Channel Logout', 'Front-Channel Logout', 'Session Management'],
])('SPECS.md: %s has a heading', (name) => {
  const headings = specs.split('\n').filter((line) => line.startsWith('## '));
  const isName = new RegExp(`${name}(?!\\d)`);
  expect(headings.some((heading) => isName.test(heading))).toBe(true);
});
