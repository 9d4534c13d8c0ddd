import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** RFC 8176 §2, and the registry that §6.1 made. */
const registered = [
  ...['face', 'fpt', 'geo', 'hwk', 'iris', 'kba', 'mca', 'mfa', 'otp', 'pin', 'pop', 'pwd', 'rba', 'retina', 'sc', 'sms', 'swk', 'tel'],
  ...['user', 'vbm', 'wia'],
];

test('RFC 8176 §2: every method that a sign-in names is a registered one', () => {
  const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
  const lists = sources.flatMap((file) => [...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(/\bamr: \[([^\]]*)\]/g)]);
  const named = lists.flatMap(([, list = '']) => [...list.matchAll(/'([^']*)'/g)].map(([, method]) => method));
  expect(named).toContain('pwd');
  expect(named.filter((method) => !registered.includes(method ?? ''))).toEqual([]);
});
