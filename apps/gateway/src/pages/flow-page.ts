import type { Field, Message } from '@authority/contracts/identity';
import type { FlowScreen } from '../interactions/outcome.ts';
import { type Html, html, type HtmlValue } from './html.ts';
import { button, clientName, link, ownForm, page, type PageContext } from './layout.ts';
import type { Texts } from './messages.ts';
import { retryText } from './retry-at.ts';

/** Sign in and create an account: the fields that identity asks for, with what was wrong beside each. */
export function flowPage(context: PageContext, screen: FlowScreen): string {
  const { texts } = context;
  const { flow, interaction, name } = screen;
  const failed = flow.messages.some(isError) || flow.fields.some(({ messages }) => messages.some(isError));
  const title = titleOf(texts, screen);
  return page(context, {
    title: failed ? `${texts.say('summary.title')}: ${title}` : title,
    content: html`<h1>${title}</h1>
${lead(texts, screen)}
${screen.notice !== undefined && html`<p class="notice" role="status">${texts.say(`notice.${screen.notice}`)}</p>`}
${failed && summary(context, screen)}
${flow.messages.filter((one) => !isError(one)).map((one) => html`<p class="notice" role="status">${messageText(texts, one)}</p>`)}
${ownForm(context, `/${name}`, { flow: flow.handle, interaction }, [
  ...flow.fields.map((field, index) => fieldRow(texts, field, index === firstToFill(flow.fields))),
  button(context, name === 'login' ? 'sign_in' : 'create_account'),
])}
${otherWay(context, screen)}`,
  });
}

function titleOf(texts: Texts, { name, details }: FlowScreen): string {
  if (name === 'registration') return texts.say('registration.title');
  return texts.say(details?.reauthenticate ? 'login.again.title' : 'login.title');
}

function lead(texts: Texts, { name, details, interaction }: FlowScreen): HtmlValue {
  // Only who connects a device is asked to sign in by nobody's application.
  if (details === undefined) return interaction !== '' && html`<p class="lead">${texts.say('login.to_device')}</p>`;
  const client = clientName(texts, details.client);
  if (name === 'registration') return html`<p class="lead">${texts.show('registration.to', { client })}</p>`;
  if (!details.reauthenticate) return html`<p class="lead">${texts.show('login.to', { client })}</p>`;
  const as = details.signed_in_as !== '' && html` ${texts.show('login.again.as', { name: details.signed_in_as })}`;
  return html`<p class="lead">${texts.show('login.again.text', { client })}${as}</p>`;
}

/** GOV.UK design system, "Error summary": takes the focus, and each line leads to its field. */
function summary(context: PageContext, { flow }: FlowScreen): Html {
  const { texts } = context;
  const general = flow.messages.filter(isError).map((one) => html`<li>${messageText(texts, one)}</li>`);
  const retry = flow.retry_at_ms > 0 && html`<li>${retryText(texts, flow.retry_at_ms - context.now)}</li>`;
  const fields = flow.fields.flatMap((field) =>
    field.messages
      .filter(isError)
      .map((one) => html`<li><a href="#${field.name}">${labelOf(texts, field)}: ${messageText(texts, one)}</a></li>`),
  );
  return html`<div class="summary" role="alert" tabindex="-1" aria-labelledby="summary-title">
<h2 id="summary-title">${texts.say('summary.title')}</h2>
<ul>${general}${retry}${fields}</ul>
</div>`;
}

/** The first field that is empty, or wrong. */
function firstToFill(fields: readonly Field[]): number {
  return fields.findIndex(({ value, messages }) => value === '' || messages.some(isError));
}

function fieldRow(texts: Texts, field: Field, first: boolean): Html {
  const { name, type, messages } = field;
  const label = labelOf(texts, field);
  const isSecret = type === 'password';
  const hint = field.autocomplete === 'new-password' ? texts.say('field.hint.new-password') : undefined;
  const errors = messages.filter(isError);
  const describedBy = [hint !== undefined && `${name}-hint`, errors.length > 0 && `${name}-error`].filter(Boolean).join(' ');
  return html`<div class="field">
<label for="${name}">${label}</label>
${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}
${errors.length > 0 && html`<div id="${name}-error">${errors.map((one) => html`<p class="error"><span>${messageText(texts, one)}</span></p>`)}</div>`}
<div class="row"><input id="${name}" name="${name}" type="${inputType(type)}" autocomplete="${autocompleteOf(field)}"${[
    field.required && html` required aria-required="true"`,
    describedBy !== '' && html` aria-describedby="${describedBy}"`,
    errors.length > 0 && html` aria-invalid="true"`,
    type === 'email' && html` inputmode="email" autocapitalize="none" spellcheck="false"`,
    // Secrets never come back, whatever an owner sends.
    !isSecret && field.value !== '' && html` value="${field.value}"`,
    isSecret && html` data-show="${texts.say('field.show')}" data-hide="${texts.say('field.hide')}" data-name="${label.toLowerCase()}"`,
    first && html` autofocus`,
  ]}></div>
</div>`;
}

const inputTypes: ReadonlySet<string> = new Set(['email', 'password', 'text', 'tel']);
const inputType = (type: string): string => (inputTypes.has(type) ? type : 'text');

const autocompleteOf = ({ autocomplete }: Field): string => (/^[a-z- ]{1,60}$/.test(autocomplete) ? autocomplete : 'off');

function labelOf(texts: Texts, { name }: Field): string {
  const id = texts.find('field', name);
  return id === undefined ? name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ') : texts.say(id);
}

const isError = ({ severity }: Message): boolean => severity !== 'info';

function messageText(texts: Texts, { id, parameters }: Message): Html {
  return texts.show(texts.find('message', id) ?? 'message.unknown', parameters);
}

function otherWay(context: PageContext, { name, interaction, details }: FlowScreen): HtmlValue {
  const { texts } = context;
  // Who must prove again who they are gains nothing from a new account.
  if (details?.reauthenticate) return undefined;
  return name === 'login'
    ? html`<p class="aside">${texts.say('login.no_account')} ${link(context, '/registration', texts.say('login.create'), { interaction, switch: interaction && '1' })}</p>`
    : html`<p class="aside">${texts.say('registration.have_account')} ${link(context, '/login', texts.say('registration.sign_in'), { interaction, switch: interaction && '1' })}</p>`;
}
