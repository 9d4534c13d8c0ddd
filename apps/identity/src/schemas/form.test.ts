import { describe, expect, test } from 'vitest';
import { readDocument } from './document.ts';
import { formFieldsOf, takenMessages, traitsOf } from './form.ts';
import { IdentitySchema } from './identity-schema.ts';
import { findPreset } from './presets/index.ts';

const preset = (id: string): IdentitySchema => {
  const found = findPreset(id);
  if (!found) throw new Error(`no preset ${id}`);
  return found.schema;
};
const document = readDocument(
  JSON.stringify({
    type: 'object',
    properties: {
      nick: {
        type: 'string',
        authority: { identifier: 'username', label: { en: 'Handle', de: 'Kürzel', 'pt-BR': 'Apelido' }, autocomplete: 'username' },
      },
      size: { type: 'integer', minimum: 1, authority: { forms: ['registration', 'settings'] } },
      terms: { type: 'boolean', const: true, authority: { forms: ['registration'] } },
      tier: { type: 'string', enum: ['basic', 'gold'], authority: { readonly: true } },
      home: {
        type: 'object',
        properties: { city: { type: 'string' }, since: { type: 'string', format: 'date' } },
        additionalProperties: false,
      },
      tags: { type: 'array', maxItems: 2, items: { type: 'string' } },
    },
    required: ['nick', 'terms'],
    additionalProperties: false,
  }),
  'd',
);
if (Array.isArray(document)) throw new Error(JSON.stringify(document));
const schema = new IdentitySchema('test', 1, document);
const registration = { form: 'registration' } as const;
const settings = { form: 'settings' } as const;
const names = (fields: readonly { name: string }[]) => fields.map(({ name }) => name);
const errors = (result: ReturnType<typeof traitsOf>) =>
  'messages' in result ? Object.entries(result.messages).map(([field, [message]]) => [field, message?.id]) : [];

describe('fields of a form', () => {
  test('the default schema asks what registration has always asked', () => {
    expect(
      formFieldsOf(preset('default'), registration, {}, 'en').map(({ name, type, autocomplete, required }) => [
        name,
        type,
        autocomplete,
        required,
      ]),
    ).toEqual([
      ['email', 'email', 'username', true],
      ['name', 'text', 'name', false],
    ]);
  });

  test('come from the schema: types, labels by language, what is there, what only operators change', () => {
    expect(names(formFieldsOf(schema, registration, {}, ''))).toEqual(['nick', 'size', 'terms']);
    const traits = { nick: 'ada', tier: 'gold', home: { city: 'B' }, tags: ['x'] };
    const fields = formFieldsOf(schema, settings, traits, 'de-AT');
    expect(fields).toMatchObject([
      { name: 'nick', type: 'text', label: 'Kürzel', value: 'ada', required: true, readonly: false },
      { name: 'size', inputmode: 'numeric', value: '', required: false },
      { name: 'tier', type: 'select', value: 'gold', choices: ['basic', 'gold'], readonly: true },
      { name: 'home.city', value: 'B' },
      { name: 'home.since', type: 'date', value: '' },
    ]);
    const labels = ['pt-BR', 'pt', 'fr', ''].map((locale) => formFieldsOf(schema, settings, {}, locale)[0]?.label);
    expect(labels).toEqual(['Apelido', 'Handle', 'Handle', 'Handle']);
  });

  test('what people sign in with is a form of its own', () => {
    expect(names(formFieldsOf(schema, { form: 'settings', contact: true }, {}, ''))).toEqual(['nick']);
    expect(names(formFieldsOf(schema, { form: 'settings', contact: false }, {}, ''))).not.toContain('nick');
  });
});

describe('what a form makes of traits', () => {
  test('values of their type, trimmed and NFC; an empty field is no trait', () => {
    expect(traitsOf(schema, registration, { nick: ' Ada ', size: '4', terms: 'yes' }, {})).toEqual({
      traits: { nick: 'Ada', size: 4, terms: true },
    });
    expect(traitsOf(schema, registration, { nick: 'e\u0301va', size: '', terms: 'on' }, {})).toEqual({
      traits: { nick: 'éva', terms: true },
    });
  });

  test('its own fields and no others: what only operators change, and what is in no form, stays', () => {
    const before = { nick: 'ada', terms: true, tier: 'basic', size: 3, tags: ['x'], home: { city: 'B' } };
    const values = { nick: 'eve', tier: 'gold', tags: 'y', terms: '', size: '', 'home.city': '', __proto__: 'x', unknown: 'z' };
    expect(traitsOf(schema, settings, values, before)).toEqual({ traits: { nick: 'eve', terms: true, tier: 'basic', tags: ['x'] } });
    expect(traitsOf(schema, registration, { nick: 'eve', terms: 'yes', tier: 'gold' }, {})).toEqual({
      traits: { nick: 'eve', terms: true },
    });
    expect(traitsOf(schema, settings, { ...values, 'home.city': 'C' }, before)).toMatchObject({ traits: { home: { city: 'C' } } });
  });

  test('what is wrong is told at its field; what no field can mend, of the form', () => {
    expect(errors(traitsOf(schema, registration, { nick: 'a b', size: 'many', terms: 'yes' }, {}))).toEqual([['size', 'trait_invalid']]);
    expect(errors(traitsOf(schema, registration, { nick: 'a b', size: '0', terms: 'yes' }, {}))).toEqual([['size', 'trait_too_small']]);
    expect(errors(traitsOf(schema, registration, { nick: 'a b', terms: 'yes' }, {}))).toEqual([['nick', 'username_invalid']]);
    expect(errors(traitsOf(schema, registration, { nick: 'ada' }, {}))).toEqual([['terms', 'required']]);
    expect(errors(traitsOf(schema, registration, { nick: 'a\u202eb', terms: 'yes' }, {}))).toEqual([['nick', 'text_invalid']]);
    expect(errors(traitsOf(schema, settings, { nick: 'ada' }, { terms: true, tier: 'platinum' }))).toEqual([['', 'traits_unfit']]);
  });

  test('an identifier that is somebody else’s is told at its field', () => {
    expect(takenMessages(schema, 'username')).toMatchObject({ nick: [{ id: 'username_taken' }] });
    expect(takenMessages(preset('default'), 'email')).toMatchObject({ email: [{ id: 'identifier_taken' }] });
  });
});
