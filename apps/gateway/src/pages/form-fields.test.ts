import { Field, Form } from '@authority/contracts/identity';
import { expect, test } from 'vitest';
import { formFields, needsScript, sharedFields } from './form-fields.ts';
import { textsOf } from './messages.ts';

const error = { id: 'required', severity: 'error', parameters: {} };
const field = (name: string, more: Partial<Field> = {}): Field => Field.fromPartial({ name, type: 'text', ...more });
const byPassword = Form.fromPartial({ method: 'password', fields: [field('email'), field('password', { type: 'password' })] });
const answer = field('answer', { type: 'hidden', required: true });
const byPasskey = Form.fromPartial({ method: 'passkey', fields: [field('email', { value: 'a@b.c', messages: [error] }), answer] });
const inputs = (form: Form | undefined) => (form ? formFields(textsOf('en'), form, 1, -1) : []).map(({ text }) => text);

test('pages.md "Without JavaScript": a form with a field that a script fills in needs one', () => {
  expect([needsScript(byPasskey), needsScript(byPassword)]).toEqual([true, false]);
});

test('what two forms ask for stands once, with what was typed and what was wrong in either, and is copied by the script', () => {
  const [first, second] = sharedFields([byPassword, byPasskey]);
  expect(first?.fields.map(({ name, value, messages }) => [name, value, messages.map(({ id }) => id)])).toEqual([
    ['email', 'a@b.c', ['required']],
    ['password', '', []],
  ]);
  expect(inputs(second)).toEqual([
    '<input type="hidden" name="email" value="a@b.c" data-shared>',
    '<input type="hidden" name="answer" value="">',
  ]);
  expect(sharedFields([byPassword])).toEqual([byPassword]);
  expect(sharedFields([])).toEqual([]);
});

test('an answer never comes back to the page, and a copied value is escaped', () => {
  const hostile = Form.fromPartial({
    method: 'passkey',
    fields: [field('email', { value: '"><script>' }), { ...answer, value: 'secret' }],
  });
  expect(inputs(sharedFields([byPassword, hostile])[1]).join()).toBe(
    '<input type="hidden" name="email" value="&quot;&gt;&lt;script&gt;" data-shared>,<input type="hidden" name="answer" value="">',
  );
});
