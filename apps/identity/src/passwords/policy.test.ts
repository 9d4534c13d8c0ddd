import { expect, test } from 'vitest';
import { FakePasswords } from '../fakes.ts';
import { dummyHash, needsRehash } from './argon2.ts';
import { normalizePassword } from './passwords.ts';
import { findPasswordFault } from './policy.ts';

const rules = { minLength: 8, minStrength: 2 };
const fault = (password: string, assessment = { breached: false, score: 4 }) =>
  findPasswordFault(password, [], rules, Object.assign(new FakePasswords(), { assessment }));

test('NIST SP 800-63B §3.1.1.2: length in characters, a bound in bytes, breached and guessable ones refused', async () => {
  expect(await fault('short12')).toBe('password_too_short');
  expect(await fault('🦊🦊🦊🦊')).toBe('password_too_short');
  expect(await fault('x'.repeat(1025))).toBe('password_too_long');
  expect(await fault('password1', { breached: true, score: 0 })).toBe('password_breached');
  expect(await fault('abcabcabc', { breached: false, score: 1 })).toBe('password_too_weak');
  expect(await fault('good enough', { breached: false, score: 2 })).toBeUndefined();
});

test('RFC 8265 §4.2.1: two spellings of one character are one password; spaces and case stay', () => {
  expect(normalizePassword('u\u0308ber')).toBe('\u00fcber');
  expect(normalizePassword(' A b ')).toBe(' A b ');
});

test('a hash with other parameters is made anew at the next sign-in', () => {
  expect(needsRehash(dummyHash)).toBe(false);
  expect(needsRehash(dummyHash.replace('m=19456', 'm=8192'))).toBe(true);
  expect(needsRehash(dummyHash.replace('argon2id', 'argon2i'))).toBe(true);
});
