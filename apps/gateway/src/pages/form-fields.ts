import type { Field, Form, Message } from '@authority/contracts/identity';
import { type Html, html, type HtmlValue } from './html.ts';
import type { Texts } from './messages.ts';

export const isError = ({ severity }: Message): boolean => severity !== 'info';

export function messageText(texts: Texts, { id, parameters }: Message): Html {
  return texts.show(texts.find('message', id) ?? 'message.unknown', parameters);
}

/** The first field that is empty, or wrong; -1 for none. */
export function firstToFill(fields: readonly Field[]): number {
  return fields.findIndex(
    ({ value, messages, type }) => type !== 'checkbox' && type !== 'hidden' && type !== shared && (value === '' || messages.some(isError)),
  );
}

export const formFields = (texts: Texts, form: Form, index: number, focus: number): Html[] =>
  form.fields.map((field, at) => {
    if (field.type === 'hidden') return html`<input type="hidden" name="${field.name}" value="">`;
    if (field.type === shared) return html`<input type="hidden" name="${field.name}" value="${field.value}" data-shared>`;
    return field.type === 'checkbox' ? checkbox(texts, form, field, index) : fieldRow(texts, form, field, index, at === focus);
  });

/** A field that stands in the first form, and is copied from there. */
const shared = 'shared';

/**
 * A form that needs a script may ask for what the first form asks for too: each such field is shown once, with what was typed and what was
 * wrong in either.
 */
export function sharedFields([first, ...others]: readonly Form[]): Form[] {
  if (!first) return [];
  const names = new Set(first.fields.map(({ name }) => name));
  const lent = others.filter(needsScript).flatMap(({ fields }) => fields.filter(({ name }) => names.has(name)));
  const fields = first.fields.map((field) => {
    const same = [field, ...lent.filter(({ name }) => name === field.name)];
    return { ...field, value: same.find(({ value }) => value !== '')?.value ?? '', messages: same.flatMap(({ messages }) => messages) };
  });
  const borrowing = (form: Form): Form => ({
    ...form,
    fields: form.fields.map((field) => (names.has(field.name) ? { ...field, type: shared, messages: [] } : field)),
  });
  return [{ ...first, fields }, ...others.map((form) => (needsScript(form) ? borrowing(form) : form))];
}

/** It has a field that a script fills in: without one nothing can come of it. */
export const needsScript = ({ fields }: Form): boolean => fields.some(({ type, required }) => type === 'hidden' && required);

/** Each line of the summary leads to its field. */
export const summaryLines = (texts: Texts, form: Form, index: number): Html[] =>
  form.fields.flatMap((field) =>
    field.messages
      .filter(isError)
      .map(
        (one) =>
          html`<li><a href="#${idOf(form, field, index)}">${texts.show('summary.line', { field: labelOf(texts, form, field), problem: messageText(texts, one) })}</a></li>`,
      ),
  );

/** Two forms of a page may have fields of one name. */
const idOf = ({ method }: Form, { name }: Field, index: number): string => (index === 0 ? name : `${method}-${name}`);

function fieldRow(texts: Texts, form: Form, field: Field, index: number, focused: boolean): Html {
  const { name, type, messages, inputmode } = field;
  const id = idOf(form, field, index);
  const label = labelOf(texts, form, field);
  const isSecret = type === 'password';
  const hint = hintOf(texts, form, field);
  const errors = messages.filter(isError);
  const describedBy = [hint !== undefined && `${id}-hint`, errors.length > 0 && `${id}-error`].filter(Boolean).join(' ');
  return html`<div class="field">
<label for="${id}">${label}</label>
${hint !== undefined && html`<p class="hint" id="${id}-hint">${hint}</p>`}
${errors.length > 0 && html`<div id="${id}-error">${errors.map((one) => html`<p class="error"><span>${messageText(texts, one)}</span></p>`)}</div>`}
<div class="row">${
    type === 'select'
      ? selectOf(texts, field, id, describedBy, errors.length > 0)
      : html`<input id="${id}" name="${name}" type="${inputType(type)}" autocomplete="${autocompleteOf(field)}"${[
          ...states(field, describedBy, errors.length > 0),
          type === 'email' && html` inputmode="email" autocapitalize="none" spellcheck="false"`,
          isLatin(field) && html` dir="ltr"`,
          inputModes.has(inputmode) && html` inputmode="${inputmode}"`,
          // Secrets never come back, whatever an owner sends.
          !isSecret && field.value !== '' && html` value="${field.value}"`,
          isSecret && html` data-show="${texts.say('field.show')}" data-hide="${texts.say('field.hide')}" data-name="${label}"`,
          focused && html` autofocus`,
        ]}>`
  }</div>
</div>`;
}

const states = ({ required, readonly }: Field, describedBy: string, isWrong: boolean): HtmlValue[] => [
  required && html` required aria-required="true"`,
  readonly && html` readonly`,
  describedBy !== '' && html` aria-describedby="${describedBy}"`,
  isWrong && html` aria-invalid="true"`,
];

function selectOf(texts: Texts, field: Field, id: string, describedBy: string, isWrong: boolean): Html {
  const { name, value, choices, readonly } = field;
  // A choice cannot be read-only in HTML; there is one.
  const all = readonly ? choices.filter((choice) => choice === value) : choices;
  const none = !readonly && html`<option value="">${texts.say('field.choose')}</option>`;
  return html`<select id="${id}" name="${name}" autocomplete="${autocompleteOf(field)}"${states({ ...field, readonly: false }, describedBy, isWrong)}>${none}${all.map(
    (choice) => html`<option value="${choice}"${choice === value && html` selected`}>${choice}</option>`,
  )}</select>`;
}

function checkbox(texts: Texts, form: Form, field: Field, index: number): Html {
  const id = idOf(form, field, index);
  return html`<div class="check"><input id="${id}" name="${field.name}" type="checkbox" value="yes"${field.value === 'true' && html` checked`}${field.readonly && html` disabled`}><label for="${id}">${labelOf(texts, form, field)}</label></div>`;
}

const hintOf = (texts: Texts, { method }: Form, { name, autocomplete }: Field): string | undefined => {
  const id =
    texts.find('field.hint', `${method}.${name}`) ??
    texts.find('field.hint', name) ??
    (autocomplete === 'new-password' ? 'field.hint.new-password' : undefined);
  return id && texts.say(id);
};

const inputTypes: ReadonlySet<string> = new Set(['email', 'password', 'text', 'tel', 'date', 'url']);
const inputType = (type: string): string => (inputTypes.has(type) ? type : 'text');
const inputModes: ReadonlySet<string> = new Set(['numeric', 'tel']);

/** Addresses, numbers, passwords and codes run from left to right on every page. */
const isLatin = ({ name, type, autocomplete }: Field): boolean =>
  latinTypes.has(type) || name === 'code' || /\b(?:username|email|tel|one-time-code)\b/.test(autocomplete);
const latinTypes: ReadonlySet<string> = new Set(['email', 'password', 'tel', 'url']);

const autocompleteOf = ({ autocomplete }: Field): string => (/^[a-z- ]{1,60}$/.test(autocomplete) ? autocomplete : 'off');

/** Two ways may both ask for a code: what it is a code of makes them two. */
function labelOf(texts: Texts, { method }: Form, { name, label }: Field): string {
  if (label !== '') return label;
  const id = texts.find('field', `${method}.${name}`) ?? texts.find('field', name);
  return id === undefined ? name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ') : texts.say(id);
}
