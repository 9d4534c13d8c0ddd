import { expect, test } from 'vitest';
import { identifierOf } from './identifier.ts';
import { normalizePhone } from './phone.ts';
import { normalizeUsername } from './username.ts';

test.each([
  ['+49 151 234-567.89', '+4915123456789'],
  [' +1 (415) 555 2671 ', '+14155552671'],
  ['＋４４２０７９４６０９５８', '+442079460958'],
])('E.164 §6.2.1: %j is %j', (typed, number) => {
  expect(normalizePhone(typed)).toBe(number);
});

test.each([
  '',
  '0151 23456789',
  '0049151234567',
  '+49 (0)151 234567',
  '+0123456789',
  '+49',
  '+1234567890123456',
  '+4915123a4567',
  `+${'1'.repeat(99)}`,
])('E.164 §6.2.1: %j is no number in its international form', (typed) => {
  expect(normalizePhone(typed)).toBeUndefined();
});

test.each([
  [' Ada.Lovelace ', 'ada.lovelace'],
  ['ＡＤＡ', 'ada'],
  ['ﬁona', 'fiona'],
  ['Ünal', 'ünal'],
  ['ΟΔΟΣ', 'οδοσ'],
  ['οδος', 'οδοσ'],
  ['Вера_7', 'вера_7'],
  ['田中さん', '田中さん'],
  ['a', 'a'],
])('RFC 8265 §3.3: %j is %j, and stays so', (typed, name) => {
  expect(normalizeUsername(typed)).toBe(name);
  expect(normalizeUsername(name)).toBe(name);
});

test.each([
  '',
  ' ',
  '.ada',
  'ada.',
  'a b',
  'a@b',
  '+49151234567',
  'a\0b',
  '\ud800',
  'аdmin-a',
  'ada\u200d',
  'a\u202eb',
  'ㅤ',
  '1٣',
  'x'.repeat(65),
  '<b>',
])('RFC 8265 §3.3, UTS #39 §5.1: %j is no user name', (typed) => {
  expect(normalizeUsername(typed)).toBeUndefined();
});

test.each([
  ['Ada@Example.com', { kind: 'email', value: 'ada@example.com' }],
  ['+49 151 23456789', { kind: 'phone', value: '+4915123456789' }],
  ['Ada', { kind: 'username', value: 'ada' }],
  ['15123456789', { kind: 'username', value: '15123456789' }],
  ['a b', undefined],
])('what is typed is an identifier of one kind: %j', (typed, identifier) => {
  expect(identifierOf(typed)).toEqual(identifier);
});
