import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { actions } from '../../docs/reference/audit-actions.ts';
import { referencePages } from '../../docs/reference/generate.ts';
import { root, sources } from './sources.ts';

const folder = join(root, 'docs/reference');
const pages = referencePages(root);

describe('docs/reference is what the code says (npx vitest run --project house reference -u writes it anew)', () => {
  test.each(Object.keys(pages))('%s', async (name) => {
    await expect(pages[name]).toMatchFileSnapshot(join(folder, name));
  });

  test('no page is left over', () => {
    expect(
      readdirSync(folder)
        .filter((name) => name.endsWith('.md'))
        .sort(),
    ).toEqual(Object.keys(pages).sort());
  });

  test('settings of token and session begin with their service, and no others: admin finds the owner by the name', () => {
    const rows = [...(pages['settings.md'] ?? '').matchAll(/^\| `([a-z]\w*)\.[\w.]+`\s*\| (\w+)\s*\|/gm)];
    expect(rows.length).toBeGreaterThan(40);
    const odd = rows.filter(([, start = '', owner = '']) => (['token', 'session'].includes(start) ? start : 'identity') !== owner);
    expect(odd.map(([row]) => row)).toEqual([]);
  });

  test('every audit action of the code is told, and no other', () => {
    const code = sources().filter(
      ({ path, isTest }) => !isTest && /^apps\/(token|session|identity|admin)\/|^libs\/(settings|outbox)\//.test(path),
    );
    // Where an action is named: a line that says so, or the SQL that writes the row itself.
    const lines = code.flatMap(({ text }) => text.split('\n')).filter((line) => /\baction\b|^ +SELECT '/.test(line));
    const acts = new Set(lines.flatMap((line) => [...line.matchAll(/'([a-z]+(?:_[a-z]+)*\.[a-z_]+)'/g)].map(([, action]) => action)));
    expect([...acts].sort()).toEqual(Object.keys(actions).sort());
  });
});
