import { describe, expect, test } from 'vitest';
import { claimsOf } from './claims.ts';
import { normalizeEmail } from './email.ts';
import { readDocument } from '../schemas/document.ts';
import { IdentitySchema } from '../schemas/identity-schema.ts';
import { findPreset } from '../schemas/presets/index.ts';
import { isSubject, newSubject } from './subject.ts';

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

describe('OpenID Connect Core §5.4: scopes stand for their claims, §5.5: claims by name', () => {
  const schemaOf = (id: string): IdentitySchema => {
    const preset = findPreset(id);
    if (!preset) throw new Error(`no preset ${id}`);
    return preset.schema;
  };
  const source = (schema: IdentitySchema, traits: object, verifiedPhones: string[] = []) => ({
    ...{ schema, traits: { ...traits }, emailVerified: true, verifiedPhones, updatedAt: new Date(5000) },
  });

  test('what is not there is left out', () => {
    const person = source(schemaOf('default'), { email: 'a@b.c', name: 'A', locale: 'de' });
    expect(claimsOf(person, ['openid'], [])).toEqual({});
    expect(claimsOf(person, ['email'], [])).toEqual({ email: 'a@b.c', email_verified: true });
    expect(claimsOf(person, ['profile'], [])).toEqual({ name: 'A', locale: 'de', updated_at: 5 });
    expect(claimsOf(person, [], ['name', 'phone_number', '__proto__'])).toEqual({ name: 'A' });
  });

  test('§5.1: a telephone number is told as E.164, and whether it has been verified; without an address nothing is said of it', () => {
    const person = source(schemaOf('phone'), { phone: '+49 151 23456789' }, ['+4915123456789']);
    expect(claimsOf(person, ['phone', 'email'], [])).toEqual({ phone_number: '+4915123456789', phone_number_verified: true });
    expect(claimsOf({ ...person, verifiedPhones: [] }, [], ['phone_number_verified'])).toEqual({ phone_number_verified: false });
  });

  test('a claim of an operator’s own comes by its scope alone, and one trait may be several', () => {
    const employee = source(schemaOf('employee'), { email: 'a@b.c', department: 'Engines', employee_number: '7' });
    expect(claimsOf(employee, ['profile'], ['department'])).toEqual({ updated_at: 5 });
    expect(claimsOf(employee, ['employee'], [])).toEqual({ department: 'Engines', employee_number: '7' });
    const document = readDocument(
      JSON.stringify({
        type: 'object',
        properties: {
          nick: { type: 'string', authority: { identifier: 'username', claim: ['preferred_username', 'nickname'] } },
          address: {
            type: 'object',
            properties: { country: { type: 'string' } },
            additionalProperties: false,
            authority: { claim: 'address' },
          },
        },
        additionalProperties: false,
      }),
      'd',
    );
    if (Array.isArray(document)) throw new Error(JSON.stringify(document));
    const person = source(new IdentitySchema('x', 1, document), { nick: 'ada', address: { country: 'DE' } });
    expect(claimsOf(person, ['profile', 'address'], [])).toEqual({
      ...{ preferred_username: 'ada', nickname: 'ada', address: { country: 'DE' }, updated_at: 5 },
    });
  });
});
