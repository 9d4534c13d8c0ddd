import { expect, test } from 'vitest';
import { claimsOf } from './claims.ts';
import { normalizeEmail } from './email.ts';
import { isSubject, newSubject } from './subject.ts';
import { parseTraits } from './traits.ts';

test.each([
  [' A.B@Example.COM ', 'a.b@example.com'],
  ['ﬁona@example.com', 'fiona@example.com'],
  ['a@BÜCHER.example', 'a@xn--bcher-kva.example'],
  ['a@xn--bcher-kva.example', 'a@xn--bcher-kva.example'],
  ['a+tag@localhost', 'a+tag@localhost'],
])('RFC 5321 §2.3.11: %j identifies as %j', (typed, identifier) => {
  expect(normalizeEmail(typed)).toBe(identifier);
});

test.each([
  '',
  'a',
  '@b',
  'a@',
  'a b@c',
  'a@b@c',
  'a@-b.c',
  'a@b..c',
  `${'a'.repeat(65)}@b.c`,
  'a\0@b.c',
  '\ud800@b.c',
  `a@${'b'.repeat(64)}.c`,
])('RFC 5321 §4.5.3.1: %j is no address', (typed) => {
  expect(normalizeEmail(typed)).toBeUndefined();
});

test('RFC 9562 §5.7: subjects are UUIDv7, in the order of their making', () => {
  const made = [1, 1_700_000_000_000, 1_700_000_000_001].map(newSubject);
  expect(made.every(isSubject)).toBe(true);
  expect(made.every((sub) => sub[14] === '7' && '89ab'.includes(sub[19] ?? ''))).toBe(true);
  expect([...made].sort()).toEqual(made);
  expect(isSubject('c_0123')).toBe(false);
});

test('OpenID Connect Core §5.4: scopes stand for their claims, §5.5: claims by name; what is not there is left out', () => {
  const source = { traits: { email: 'a@b.c', name: 'A', locale: 'de' }, emailVerified: true, updatedAt: new Date(5000) };
  expect(claimsOf(source, ['openid'], [])).toEqual({});
  expect(claimsOf(source, ['email'], [])).toEqual({ email: 'a@b.c', email_verified: true });
  expect(claimsOf(source, ['profile'], [])).toEqual({ name: 'A', locale: 'de', updated_at: 5 });
  expect(claimsOf(source, [], ['name', 'phone_number', '__proto__'])).toEqual({ name: 'A' });
});

test('traits: an object with the claims of the schema, each a text that can be stored', () => {
  expect(parseTraits('{"email":"a@b.c","name":"A"}', 't')).toEqual({ email: 'a@b.c', name: 'A' });
  for (const json of ['', '[]', 'null', '{"email":1}', '{"name":"A"}', '{"email":"a@b.c","x":"y"}', '{"email":"a@b.c","name":"\\u0000"}']) {
    expect(parseTraits(json, 't'), json).toBeInstanceOf(Array);
  }
});
