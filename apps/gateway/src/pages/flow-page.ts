import type { Form, Message } from '@authority/contracts/identity';
import { flowPaths } from '../interactions/flow.ts';
import type { FlowScreen } from '../interactions/outcome.ts';
import { accountNav } from './account-pages.ts';
import { firstToFill, formFields, isError, messageText, needsScript, sharedFields, summaryLines } from './form-fields.ts';
import { type Html, html, type HtmlValue } from './html.ts';
import { button, clientName, itemList, link, ownForm, page, type PageContext, submitButton } from './layout.ts';
import type { Texts } from './messages.ts';
import { retryText } from './retry-at.ts';
import { secondFactorDetails } from './second-factors.ts';

/** A flow of identity's: the ways to go on that it offers, with what was wrong beside each field. */
export function flowPage(context: PageContext, given: FlowScreen): string {
  const { texts } = context;
  const flow = { ...given.flow, forms: orderedForms(given.flow) };
  const screen = { ...given, flow };
  const { name } = screen;
  const failed = flow.messages.some(isError) || flow.forms.some(hasError);
  const title = titleOf(texts, screen);
  return page(context, {
    title: failed ? texts.say('summary.page', { title }) : title,
    wide: name === 'settings',
    head: flow.forms.some(needsScript) && html`\n<script src="${context.assets.passkeyScript}" defer></script>`,
    content: html`${name === 'settings' && accountNav(context, '/account')}
<h1>${title}</h1>
${lead(texts, screen)}
${screen.notice !== undefined && notice(context, screen)}
${failed && summary(context, screen)}
${notices(texts, [...flow.messages, ...flow.forms.flatMap(({ messages }) => messages)])}
${flow.forms.map((form, index) => formOf(context, screen, form, index))}
${otherWays(context, screen)}`,
  });
}

/** Where nobody is known yet, fields come first: the autofill and those who have no script begin there. */
function orderedForms({ stage, forms }: FlowScreen['flow']): Form[] {
  if (stage !== 'first' && stage !== 'registration') return [...forms];
  return sharedFields([...forms.filter((form) => !needsScript(form)), ...forms.filter(needsScript)]);
}

const hasError = ({ messages, fields }: Form): boolean => [...messages, ...fields.flatMap((field) => field.messages)].some(isError);

const notices = (texts: Texts, messages: readonly Message[]): Html[] =>
  messages.filter((one) => !isError(one)).map((one) => html`<p class="notice" role="status">${messageText(texts, one)}</p>`);

function notice(context: PageContext, { notice: id, name }: FlowScreen): Html {
  const { texts } = context;
  const again =
    id === 'reauthenticate' && name === 'settings' && html` ${link(context, '/login', texts.say('notice.reauthenticate.link'))}`;
  return html`<p class="notice" role="status">${texts.say(id === 'reauthenticate' ? 'notice.reauthenticate' : 'notice.flow_expired')}${again}</p>`;
}

function titleOf(texts: Texts, { name, details, flow }: FlowScreen): string {
  const ofStage = texts.find(name, `${flow.stage}.title`);
  if (ofStage !== undefined) return texts.say(ofStage);
  if (name === 'login' && details?.reauthenticate) return texts.say('login.again.title');
  return texts.say(texts.find(name, 'title') ?? 'login.title');
}

function lead(texts: Texts, { name, details, interaction, flow }: FlowScreen): HtmlValue {
  const ofStage = texts.find(name, `${flow.stage}.text`);
  if (ofStage !== undefined) return html`<p class="lead">${texts.show(ofStage, { name: flow.signed_in_as })}</p>`;
  // Only who connects a device is asked to sign in by nobody's application.
  if (details === undefined) return interaction !== '' && html`<p class="lead">${texts.say('login.to_device')}</p>`;
  const client = clientName(texts, details.client);
  if (name === 'registration') return html`<p class="lead">${texts.show('registration.to', { client })}</p>`;
  if (name !== 'login') return undefined;
  if (!details.reauthenticate) return html`<p class="lead">${texts.show('login.to', { client })}</p>`;
  const as = details.signed_in_as !== '' && html` ${texts.show('login.again.as', { name: details.signed_in_as })}`;
  return html`<p class="lead">${texts.show('login.again.text', { client })}${as}</p>`;
}

/** GOV.UK design system, "Error summary": takes the focus, and each line leads to its field. */
function summary(context: PageContext, { flow }: FlowScreen): Html {
  const { texts } = context;
  const all = [...flow.messages, ...flow.forms.flatMap(({ messages }) => messages)];
  const general = all.filter(isError).map((one) => html`<li>${messageText(texts, one)}</li>`);
  const retry = flow.retry_at_ms > 0 && html`<li>${retryText(texts, flow.retry_at_ms - context.now)}</li>`;
  return html`<div class="summary" role="alert" tabindex="-1" aria-labelledby="summary-title">
<h2 id="summary-title">${texts.say('summary.title')}</h2>
<ul>${general}${retry}${flow.forms.flatMap((form, index) => summaryLines(texts, form, index))}</ul>
</div>`;
}

/** One way to go on: of several, the first is the usual one and has the primary button. */
function formOf(context: PageContext, screen: FlowScreen, form: Form, index: number): Html {
  const { texts } = context;
  const { name, flow, interaction } = screen;
  const { method } = form;
  const heading = name === 'settings' ? texts.find('section', method) : undefined;
  const hidden = { flow: flow.handle, interaction, method };
  // The account is for reading first: nothing there takes the focus.
  const takesFocus = hasError(form) || (index === 0 && name !== 'settings');
  const focus = takesFocus ? firstToFill(form.fields) : -1;
  const look = index === 0 && name !== 'settings' ? 'primary' : 'secondary';
  const path = flowPaths[name];
  const data = { 'data-method': method, ...(form.options === '' ? {} : { 'data-options': form.options }) };
  const own = (carried: Readonly<Record<string, string>>, content: HtmlValue) =>
    ownForm(context, path, { ...hidden, ...carried }, content, data);
  // What only lists what is there has nothing to send.
  const isList = form.fields.length === 0 && form.actions.length === 0 && form.items.length > 0;
  const submit =
    !isList && scripted(texts, form, own({}, [...formFields(texts, form, index, focus), ...submits(context, screen, form, look)]));
  const section = html`<section class="way way-${method}"${heading !== undefined && html` aria-labelledby="section-${method}"`}>
${heading !== undefined && html`<h2 id="section-${method}">${texts.say(heading)}</h2>`}
${explanation(texts, form, name === 'settings')}
${itemList(context, form, own)}
${secondFactorDetails(texts, form)}
${submit}
</section>`;
  if (index === 0 || name === 'settings') return section;
  // Another way that is for emergencies is folded away, where a click without a script opens it.
  const folded = flow.stage === 'second' ? texts.find('way', method) : undefined;
  if (folded !== undefined) {
    return html`<details class="other"${hasError(form) && html` open`}><summary>${texts.say(folded)}</summary>${section}</details>`;
  }
  const way = html`<p class="or">${texts.say('or')}</p>\n${section}`;
  // Of several ways, one that needs a script is not even named without it.
  return needsScript(form) ? html`<div data-needs-script hidden>${way}</div>` : way;
}

/** Hidden until the script shows it; who has none is told why there is nothing to press. */
function scripted(texts: Texts, form: Form, content: Html): Html {
  if (!needsScript(form)) return content;
  return html`<noscript><p class="hint">${texts.say('needs_script')}</p></noscript>
<div data-needs-script hidden>${content}</div>`;
}

/** What a section of the account is good for. */
function explanation(texts: Texts, { method }: Form, isSection: boolean): HtmlValue {
  const id = isSection ? texts.find('section.text', method) : undefined;
  return id !== undefined && html`<p class="hint">${texts.say(id)}</p>`;
}

/** The buttons that the form names, or one that says what it does. */
function submits(context: PageContext, { name, flow }: FlowScreen, form: Form, look: 'primary' | 'secondary'): Html[] {
  const { texts, now } = context;
  const { actions, method, fields, options } = form;
  if (actions.length > 0) {
    return actions.map(({ value, id, parameters }, index) => {
      const wait = value === 'resend' ? secondsUntil(form, now) : 0;
      const options = { look: index === 0 ? look : 'secondary', name: 'action', value, wait, values: parameters } as const;
      return submitButton(texts, texts.find('action', id) ?? 'button.continue', options);
    });
  }
  // There is nothing to send: its messages say what to do.
  if (fields.length === 0 && options === '' && name !== 'settings') return [];
  if (name === 'registration') return [button(context, 'create_account', { look })];
  if (name === 'settings') return [submitButton(texts, texts.find('action', `${method}_change`) ?? 'button.continue', { look })];
  return [button(context, name === 'login' && flow.stage === 'first' && method === 'password' ? 'sign_in' : 'continue', { look })];
}

/** How long another code is not sent yet. */
function secondsUntil({ options }: Form, now: number): number {
  const { resend_at_ms: at } = options === '' ? {} : JSON.parse(options);
  return typeof at === 'number' ? Math.max(0, Math.ceil((at - now) / 1000)) : 0;
}

function otherWays(context: PageContext, { name, interaction, details, flow }: FlowScreen): HtmlValue {
  const { texts } = context;
  if (name === 'settings') return ownForm(context, '/logout', {}, button(context, 'sign_out', { look: 'secondary' }));
  if (flow.stage === 'done') return html`<p class="alone">${link(context, '/account', texts.say('signed_in_only.account'))}</p>`;
  const toLogin = (text: Html | string) =>
    html`<p class="aside">${text} ${link(context, '/login', texts.say('registration.sign_in'), { interaction, switch: interaction && '1' })}</p>`;
  if (name === 'registration') return toLogin(texts.say('registration.have_account'));
  if (name === 'recovery') return html`<p class="aside">${link(context, '/login', texts.say('recovery.back'), { interaction })}</p>`;
  if (name !== 'login' || flow.stage !== 'first') return undefined;
  const recover = html`<p class="aside">${link(context, '/recovery', texts.say('login.recover'), { interaction })}</p>`;
  // Who must prove again who they are gains nothing from a new account.
  if (details?.reauthenticate) return recover;
  return html`${recover}
<p class="aside">${texts.say('login.no_account')} ${link(context, '/registration', texts.say('login.create'), { interaction, switch: interaction && '1' })}</p>`;
}
