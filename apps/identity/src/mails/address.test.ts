import { expect, test } from 'vitest';
import { isAddress } from './address.ts';

test.each(['mira@example.com', 'mira+tag@example.com', "o'neil@example.com", 'müller@bücher.example', 'a@localhost'])(
  'RFC 5321 §4.1.2, RFC 6531: %s is one address',
  (text) => expect(isAddress(text)).toBe(true),
);

test.each([
  '',
  'mira',
  'mira@example.com\r\nBcc: all@example.com',
  'mira@example.com\n',
  'mira@example.com, eve@example.com',
  'mira@example.com;eve@example.com',
  'Mira <mira@example.com>',
  '"mira eve"@example.com',
  'mira@example.com\u2028',
  'mira\u0000@example.com',
  'mira@[127.0.0.1]',
  'mira@.example.com',
  'mira@example..com',
  'mira@eve@example.com',
  '\ud800@example.com',
  `${'m'.repeat(250)}@example.com`,
])('RFC 5321 §4.1.2: %j is none, or more than one', (text) => expect(isAddress(text)).toBe(false));
