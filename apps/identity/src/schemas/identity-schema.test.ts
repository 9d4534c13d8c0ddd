import { describe, expect, test } from 'vitest';
import { readDocument } from './document.ts';
import { IdentitySchema } from './identity-schema.ts';
import { findPreset } from './presets/index.ts';

const preset = (id: string): IdentitySchema => {
  const found = findPreset(id);
  if (!found) throw new Error(`no preset ${id}`);
  return found.schema;
};
const email = { type: 'string', format: 'email', authority: { identifier: 'email', verify: true } };
const schemaOf = (properties: object, more: object = {}): IdentitySchema => {
  const document = readDocument(
    JSON.stringify({ type: 'object', properties: { email, ...properties }, additionalProperties: false, ...more }),
    'd',
  );
  if (Array.isArray(document)) throw new Error(JSON.stringify(document));
  return new IdentitySchema('test', 1, document);
};
const faults = (schema: IdentitySchema, traits: unknown) => schema.faultsOf(traits).map(({ trait, id }) => [trait, id]);

describe('the default schema is what there was before there were schemas', () => {
  test.each([
    [{ email: 'a@b.c' }, []],
    [{ email: ' A@b.c', name: 'A', website: 'anything', locale: 'de' }, []],
    [{ name: 'A' }, [['email', 'required']]],
    [{ email: 'nobody' }, [['email', 'email_invalid']]],
    [{ email: 1 }, [['email', 'trait_invalid']]],
    [{ email: 'a@b.c', x: 'y' }, [['x', 'trait_unknown']]],
    [{ email: 'a@b.c', name: '' }, [['name', 'text_invalid']]],
    [{ email: 'a@b.c', name: 'a\0b' }, [['name', 'text_invalid']]],
    [{ email: 'a@b.c', name: 'Ada \u202etxt.exe' }, [['name', 'text_invalid']]],
    [{ email: 'a@b.c', name: 'x'.repeat(513) }, [['name', 'text_invalid']]],
    [[], [['', 'trait_invalid']]],
    [null, [['', 'trait_invalid']]],
  ])('%j: %j', (traits, expected) => {
    expect(faults(preset('default'), traits)).toEqual(expected);
  });
});

describe('traits that people send', () => {
  test('are bounded in size and depth, and judged by their own members only', () => {
    let deep: unknown = 'x';
    for (let depth = 0; depth < 500_000; depth += 1) deep = { deep };
    expect(faults(preset('default'), { email: 'a@b.c', deep })).toEqual([['', 'trait_invalid']]);
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`x${n}`, 'y']));
    expect(faults(preset('default'), many)).toEqual([['', 'trait_invalid']]);
    expect(faults(preset('default'), JSON.parse('{"email":"a@b.c","__proto__":{"name":"x"}}'))).not.toEqual([]);
    expect(faults(preset('default'), Object.create({ email: 'a@b.c' }))).toEqual([['email', 'required']]);
  });

  test('CWE-1333: a pattern of an operator and a text of a person cannot stop the process together', () => {
    const schema = schemaOf({ x: { type: 'string', pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' } });
    const started = performance.now();
    expect(faults(schema, { email: 'a@b.c', x: 'a'.repeat(512) })).toEqual([['x', 'trait_invalid']]);
    expect(performance.now() - started).toBeLessThan(500);
  });

  test('each pattern is its own', () => {
    const schema = schemaOf({ x: { type: 'string', pattern: '^x$' }, y: { type: 'string', pattern: '^y$' } });
    expect(faults(schema, { email: 'a@b.c', x: 'x', y: 'x' })).toEqual([['y', 'trait_invalid']]);
    expect(faults(schema, { email: 'a@b.c', x: 'y', y: 'y' })).toEqual([['x', 'trait_invalid']]);
  });

  test('say which field is wrong, and with which bound', () => {
    const schema = schemaOf(
      {
        size: { type: 'integer', minimum: 1, maximum: 9 },
        nick: { type: 'string', minLength: 3, maxLength: 5 },
        site: { type: 'string', format: 'uri' },
        born: { type: 'string', format: 'date' },
        zone: { type: 'string', format: 'timezone' },
        tags: { type: 'array', maxItems: 2, uniqueItems: true, items: { type: 'string' } },
        home: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
      },
      JSON.parse('{"if":{"properties":{"size":{"const":9}},"required":["size"]},"then":{"required":["nick"]}}'),
    );
    expect(schema.faultsOf({ email: 'a@b.c', size: 10, nick: 'ab' })).toMatchObject([
      { trait: 'size', id: 'trait_too_large', parameters: { max: '9' } },
      { trait: 'nick', id: 'trait_too_short', parameters: { min: '3' } },
    ]);
    expect(faults(schema, { email: 'a@b.c', site: 'javascript:alert(1)', born: '2026-02-30', zone: 'Mars/Base' })).toEqual([
      ['site', 'trait_invalid'],
      ['born', 'trait_invalid'],
      ['zone', 'trait_invalid'],
    ]);
    expect(faults(schema, { email: 'a@b.c', tags: ['a', 'a'], home: { street: 'x' } })).toEqual([
      ['tags', 'trait_invalid'],
      ['home.city', 'required'],
      ['home.street', 'trait_unknown'],
    ]);
    expect(faults(schema, { email: 'a@b.c', size: 9 })).toEqual([['nick', 'required']]);
    expect(
      faults(schema, { email: 'a@b.c', site: 'https://example.com/a?b', born: '2024-02-29', zone: 'Europe/Berlin', home: { city: 'B' } }),
    ).toEqual([]);
  });
});

describe('identifiers and addresses', () => {
  test('are those that the schema names, in their one spelling', () => {
    const employee = preset('employee');
    const traits = { email: 'Ada@Example.com', username: 'ADA', phone: '+49 151 23456789', given_name: 'Ada', family_name: 'L' };
    expect(employee.faultsOf(traits)).toEqual([]);
    expect(employee.identifiersOf(traits)).toEqual([
      { kind: 'email', value: 'ada@example.com' },
      { kind: 'username', value: 'ada' },
    ]);
    expect(employee.addressesOf(traits)).toEqual([
      { kind: 'email', value: 'ada@example.com', verify: true, recovery: false },
      { kind: 'phone', value: '+4915123456789', verify: true, recovery: false },
    ]);
    expect(employee.addressOfClaim('phone_number', traits)).toBe('+4915123456789');
    expect(preset('username').identifiersOf({ username: 'ada', email: 'a@b.c' })).toEqual([{ kind: 'username', value: 'ada' }]);
  });

  test('a name that is none of its kind is refused; so is a person with nothing to sign in with', () => {
    expect(faults(preset('username'), { username: 'a@b.c' })).toEqual([['username', 'username_invalid']]);
    expect(faults(preset('phone'), { phone: '0151 23456789' })).toEqual([['phone', 'phone_invalid']]);
    expect(faults(schemaOf({}), {})).toEqual([['email', 'required']]);
  });

  test('of traits that no longer fit are those that still are some', () => {
    expect(preset('employee').identifiersOf({ email: 'no address', username: 'ada' })).toEqual([{ kind: 'username', value: 'ada' }]);
    expect(preset('employee').identifiersOf({})).toEqual([]);
  });
});
