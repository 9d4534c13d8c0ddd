import { randomBytes } from 'node:crypto';
import { anyString } from '@authority/testing/text';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatUserCode, makeUserCode, normalizeUserCode } from './user-code.ts';

const random = { bytes: (length: number) => randomBytes(length) };

test('RFC 8628 §6.1: a user code has letters that are not mistaken for one another, in two groups', () => {
  for (let count = 0; count < 200; count++) {
    const code = makeUserCode(random);
    expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/);
    expect(formatUserCode(code)).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
  }
});

test('RFC 8628 §5.1: every letter is as likely as the others', () => {
  const counts = new Map<string, number>();
  for (let count = 0; count < 5000; count++) for (const letter of makeUserCode(random)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  expect(counts.size).toBe(20);
  // 40 000 letters: 2 000 of each, and 300 are more than six deviations.
  for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(300);
});

test('RFC 8628 §5.1: bytes that would favour some letters are passed over', () => {
  const rows = [new Uint8Array(16).fill(255), new Uint8Array(16).fill(1)];
  expect(makeUserCode({ bytes: () => rows.shift() ?? new Uint8Array(16) })).toBe('CCCCCCCC');
});

test.each(['WDJB-MJHT', 'wdjb-mjht', ' wdjb mjht ', 'WDJBMJHT', 'w.d.j.b.m.j.h.t', 'WDJB\u2013MJHT', 'wdjb_mjht'])(
  'RFC 8628 §6.1: %j is compared without case and separators',
  (typed) => expect(normalizeUserCode(typed)).toBe('WDJBMJHT'),
);

test.each(['', 'WDJB-MJH', 'WDJB-MJHTT', 'WDJB-MJHA', 'WDJB-MJH0', 'x'.repeat(10_000), 'ẞDJBMJHT', `WDJB${'-'.repeat(100)}MJHT`])(
  'RFC 8628 §6.1: %j is no user code',
  (typed) => expect(normalizeUserCode(typed)).toBeUndefined(),
);

test('RFC 8628 §6.1: whatever is typed, what comes out is a code or nothing', () => {
  fc.assert(
    fc.property(anyString(), (typed) => {
      const code = normalizeUserCode(typed);
      return code === undefined || /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/.test(code);
    }),
  );
});
