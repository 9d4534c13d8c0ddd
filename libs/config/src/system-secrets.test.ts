import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { parseSystemSecrets } from './index.ts';

it('contract.md AUTHORITY_SECRETS: newest first, by comma or newline, as hex, base64url or base64', () => {
  const [a, b, c] = [randomBytes(32), randomBytes(48), randomBytes(33)];
  const text = `${a.toString('hex')},\n${b.toString('base64url')}\n${c.toString('base64')}\n`;
  expect(parseSystemSecrets(text).map((one) => one.toString('hex'))).toEqual([a, b, c].map((one) => one.toString('hex')));
});

it.each([
  ['', 'at least one'],
  [randomBytes(31).toString('hex'), 'at least 32 bytes each \\(secret 1 has 31\\)'],
  [`${randomBytes(32).toString('hex')},${randomBytes(16).toString('base64url')}`, 'secret 2 has 16'],
  ['a'.repeat(64), 'repeats itself'],
  ['correct horse battery staple!', 'secret'],
  ['päßwort'.repeat(10), 'base64url or hex'],
])('contract.md AUTHORITY_SECRETS: %j is refused', (text, why) => {
  expect(() => parseSystemSecrets(text)).toThrow(new RegExp(why));
});

it('contract.md AUTHORITY_SECRETS: one secret twice is a mistake in a rotation', () => {
  const one = randomBytes(32).toString('hex');
  expect(() => parseSystemSecrets(`${one},${one}`)).toThrow('twice');
});
