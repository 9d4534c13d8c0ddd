import { describe, expect, test } from 'vitest';
import { readDocument, type SchemaDocument } from './document.ts';
import { presets } from './presets/index.ts';

const email = { type: 'string', format: 'email', authority: { identifier: 'email' } };
const read = (properties: object, more: object = {}) =>
  readDocument(JSON.stringify({ type: 'object', properties: { email, ...properties }, additionalProperties: false, ...more }), 'document');
const fieldsOf = (read: SchemaDocument | readonly { field: string }[]) => ('schema' in read ? [] : read.map(({ field }) => field));

describe('JSON Schema 2020-12: a document', () => {
  test('says its traits, by order and then as they are written, those of objects in it too', () => {
    const document = read(
      {
        address: {
          type: 'object',
          properties: { locality: { type: 'string' }, country: { type: 'string', enum: ['DE', 'FR'] } },
          required: ['locality'],
          additionalProperties: false,
          authority: { claim: 'address' },
        },
        first: { type: 'string', authority: { order: -1, label: { en: 'First', de: 'Erstes' } } },
        number: { $ref: '#/$defs/number', authority: { verify: true } },
      },
      { $defs: { number: { type: 'string', format: 'phone' } }, required: ['address'] },
    );
    if (!('schema' in document)) throw new Error(JSON.stringify(document));
    expect(document.traits.map(({ name, type, required, choices }) => [name, type, required, choices])).toEqual([
      ['first', 'string', false, []],
      ['email', 'string', false, []],
      ['address.locality', 'string', true, []],
      ['address.country', 'string', false, ['DE', 'FR']],
      ['address', 'object', true, []],
      ['number', 'string', false, []],
    ]);
  });

  test.each(['', '[]', 'null', '{', '"x"', '{"type":"string"}', `{"type":"object","title":"${'x'.repeat(70_000)}"}`])(
    '%.40s is none',
    (json) => {
      expect(readDocument(json, 'document')).toBeInstanceOf(Array);
    },
  );

  test.each([
    ['a schema elsewhere', { x: { $ref: 'https://example.com/schema' } }, 'document.properties.x.$ref'],
    ['a file', { x: { $ref: 'file:///etc/passwd' } }, 'document.properties.x.$ref'],
    ['the whole', { x: { $ref: '#' } }, 'document.properties.x.$ref'],
    ['a definition that is not there', { x: { $ref: '#/$defs/y' } }, 'document.properties.x.$ref'],
    ['an id', { x: { type: 'string', $id: 'https://example.com/x' } }, 'document.properties.x.$id'],
    ['a dynamic reference', { x: { $dynamicRef: '#x' } }, 'document.properties.x.$dynamicRef'],
    ['a pattern that is not regular', { x: { type: 'string', pattern: '(a)\\1' } }, 'document.properties.x.pattern'],
    ['patterns of names', { x: { type: 'object', patternProperties: {} } }, 'document.properties.x.patternProperties'],
    ['an open object', { x: { type: 'object', properties: {} } }, 'document.properties.x'],
    [
      'an object of anything',
      { x: { type: 'object', properties: {}, additionalProperties: true } },
      'document.properties.x.additionalProperties',
    ],
    ['a list without end', { x: { type: 'array', items: { type: 'string' } } }, 'document.properties.x'],
    ['a list of anything', { x: { type: 'array', maxItems: 5 } }, 'document.properties.x'],
    ['a trait of any type', { x: {} }, 'document.properties.x'],
    ['true', { x: true }, 'document.properties.x'],
    ['an unknown format', { x: { type: 'string', format: 'regex' } }, 'document.properties.x.format'],
    ['a name of objects', { constructor: { type: 'string' } }, 'document.properties.constructor'],
    ['a name of forms', { password: { type: 'string' } }, 'document.properties.password'],
    ['a name in another script', { е: { type: 'string' } }, 'document.properties.е'],
    [
      'an annotation in a list',
      { x: { type: 'array', maxItems: 1, items: { type: 'string', authority: {} } } },
      'document.properties.x.items.authority',
    ],
    ['an annotation in a condition', { x: { type: 'string', anyOf: [{ authority: {} }] } }, 'document.properties.x.anyOf.0.authority'],
    ['two e-mail identifiers', { x: email }, 'document.properties'],
  ])('%s is refused, and named', (_, properties, field) => {
    expect(fieldsOf(read(properties))).toContain(field);
  });

  test('RFC 7519 §4.1: a name that an object has from its prototype is refused, however it is written', () => {
    const json = '{"type":"object","additionalProperties":false,"properties":{"__proto__":{"type":"string"}}}';
    expect(fieldsOf(readDocument(json, 'd'))).toContain('d.properties.__proto__');
    expect(fieldsOf(read({ x: JSON.parse('{"type":"string","__proto__":1}') }))).toContain('document.properties.x.__proto__');
  });

  test('what refers to itself, doubles, or is too deep or large is refused before it is compiled', () => {
    const defs = (entries: [string, object][]) => read({ x: { $ref: '#/$defs/a0' } }, { $defs: Object.fromEntries(entries) });
    const circle = { a0: { type: 'array', maxItems: 2, items: { $ref: '#/$defs/a0' } } };
    expect(JSON.stringify(read({ x: { $ref: '#/$defs/a0' } }, { $defs: circle }))).toContain('in a circle');
    const doubling = Array.from({ length: 30 }, (_, n): [string, object] => [
      `a${n}`,
      n === 29 ? { type: 'string' } : { type: 'string', allOf: [{ $ref: `#/$defs/a${n + 1}` }, { $ref: `#/$defs/a${n + 1}` }] },
    ]);
    expect(JSON.stringify(defs(doubling))).toContain('costs too much');
    const list = (depth: number): object => (depth === 0 ? { type: 'string' } : { type: 'array', maxItems: 50, items: list(depth - 1) });
    expect(JSON.stringify(read({ x: list(4) }))).toContain('costs too much');
    expect(JSON.stringify(read({ x: list(40) }))).toContain('too much');
    expect(read(Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`x${n}`, { type: 'string' }])))).toBeInstanceOf(Array);
  });

  test('a schema without anything to sign in with is refused', () => {
    expect(readDocument('{"type":"object","properties":{"x":{"type":"string"}},"additionalProperties":false}', 'd')).toMatchObject([
      { field: 'd.properties' },
    ]);
  });
});

describe('the keyword `authority`', () => {
  const annotated = (authority: object, more: object = {}) => fieldsOf(read({ x: { type: 'string', ...more, authority } }));

  test.each([
    [{ identifier: 'ssn' }, 'identifier'],
    [{ verify: 'yes' }, 'verify'],
    [{ verify: true }, 'verify'],
    [{ recovery: true }, 'recovery'],
    [{ claim: 'sub' }, 'claim'],
    [{ claim: 'email_verified' }, 'claim'],
    [{ claim: ['name', 'acr'] }, 'claim'],
    [{ claim: 'constructor', scope: 'x' }, 'claim'],
    [{ claim: 'phone_number' }, 'claim'],
    [{ claim: 'department' }, 'scope'],
    [{ claim: 'department', scope: 'authority.admin' }, 'scope'],
    [{ claim: 'department', scope: 'openid' }, 'scope'],
    [{ label: { en: '<b>' } }, 'label'],
    [{ label: { en: 'a\u202eb' } }, 'label'],
    [{ label: 'Name' }, 'label'],
    [{ autocomplete: 'x" onfocus="' }, 'autocomplete'],
    [{ order: 1.5 }, 'order'],
    [{ forms: ['login'] }, 'forms'],
    [{ toString: true }, 'toString'],
    [{ secret: true }, 'secret'],
  ])('%j is refused', (authority, member) => {
    expect(annotated(authority)).toEqual([`document.properties.x.authority.${member}`]);
  });

  test('OpenID Connect Core §5.1: an address may be verified, and be a claim; a claim of one’s own names its scope', () => {
    expect(annotated({ verify: true, recovery: true, claim: 'phone_number' }, { format: 'phone' })).toEqual([]);
    expect(annotated({ claim: ['department', 'https://example.com/unit'], scope: 'employee' })).toEqual([]);
  });
});

test('presets are documents like any other', () => {
  for (const { id, document } of presets) expect(readDocument(document, id), id).toHaveProperty('schema');
  expect(presets.map(({ id }) => id)).toEqual(['default', 'username', 'phone', 'employee']);
});
