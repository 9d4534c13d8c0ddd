import type { Form } from '@authority/contracts/identity';
import type { Assets } from './assets.ts';
import { csrfField } from '../http/csrf.ts';
import { type Html, html, type HtmlValue } from './html.ts';
import { agoText } from './ago.ts';
import type { MessageId, Texts } from './messages.ts';

/** What every page is rendered with. */
export interface PageContext {
  readonly texts: Texts;
  readonly assets: Assets;
  /** The issuer's path, before every link of ours. */
  readonly prefix: string;
  /** Where the person is, in the words of their address bar. */
  readonly host: string;
  readonly csrf: string;
  readonly now: number;
}

interface Layout {
  readonly title: string;
  readonly content: HtmlValue;
  /** More for the head. */
  readonly head?: HtmlValue;
  /** More than one thing: the account. */
  readonly wide?: boolean;
  /** Instead of the page's own script. */
  readonly script?: string;
}

const mark = html`<svg class="mark" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M12 2.5 20 6v5.6c0 4.7-3.3 8.4-8 9.9-4.7-1.5-8-5.2-8-9.9V6z"/><path d="m8.6 11.8 2.4 2.4 4.4-4.6"/></svg>`;

/** One card, one thing. No inline script or style, nothing from another host. */
export function page(
  { texts, assets, host }: PageContext,
  { title, content, head, wide = false, script = assets.pageScript }: Layout,
): string {
  return html`<!doctype html>
<html lang="${texts.lang}" dir="${texts.dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} – ${texts.say('brand')}</title>
<link rel="stylesheet" href="${assets.stylesheet}">
<link rel="icon" type="image/svg+xml" href="${assets.icon}">
<script src="${script}" defer></script>${head}
</head>
<body>
<header>${mark}<span class="brand">${texts.say('brand')}</span></header>
<main${wide && html` class="wide"`}>
${content}
</main>
<footer><bdi>${host}</bdi></footer>
</body>
</html>
`.text;
}

/** A form of ours: where it goes, and what it carries unseen. */
export function ownForm(
  context: PageContext,
  path: string,
  hidden: Readonly<Record<string, string>>,
  content: HtmlValue,
  data: Readonly<Record<`data-${string}`, string>> = {},
): Html {
  const attributes = Object.entries(data).map(([name, value]) => html` ${name}="${value}"`);
  return html`<form method="post" action="${context.prefix}${path}" novalidate${attributes}>
${hiddenFields({ [csrfField]: context.csrf, ...hidden })}
${content}
</form>`;
}

export const hiddenFields = (values: Readonly<Record<string, string>>): Html[] =>
  Object.entries(values)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);

type Act = 'sign_in' | 'create_account' | 'allow' | 'deny' | 'continue' | 'sign_out';

export interface ButtonOptions {
  readonly look?: 'primary' | 'secondary';
  readonly name?: string;
  readonly value?: string;
}

/** A verb that does what it says. */
export function button({ texts }: PageContext, act: Act, options: ButtonOptions = {}): Html {
  return submitButton(texts, `button.${act}`, { ...options, busy: texts.say(`busy.${act}`) });
}

interface ButtonTexts {
  readonly busy?: string;
  /** Where the text alone does not say what it is about. */
  readonly label?: string;
  /** Seconds until it may be used. */
  readonly wait?: number;
  /** For the placeholders of the text. */
  readonly values?: Readonly<Record<string, string>>;
}

/** A button with a text of its own. */
export function submitButton(
  texts: Texts,
  text: MessageId,
  { look = 'primary', name, value = '', busy, label, wait = 0, values }: ButtonOptions & ButtonTexts,
): Html {
  const named = name !== undefined && html` name="${name}" value="${value}"`;
  const more = [label !== undefined && html` aria-label="${label}"`, wait > 0 && html` data-wait="${wait}"`];
  return html`<button class="button ${look}" type="submit"${named}${more} data-busy="${busy ?? texts.say('busy.continue')}">${texts.say(text, values)}</button>`;
}

/** What is there already, each with what can be done with it: a form of its own, so that one act is one form. */
export function itemList(
  { texts, now }: PageContext,
  { items, method }: Form,
  own: (carried: Readonly<Record<string, string>>, content: HtmlValue) => Html,
): HtmlValue {
  if (items.length === 0) return undefined;
  const named = texts.find('item.name', method);
  const shown = items.map(({ id, name, create_time_ms, use_time_ms, actions, details }) => {
    const made = create_time_ms > 0 && html`<span>${texts.show('item.made', { when: agoText(texts, now - create_time_ms) })}</span> `;
    const used = use_time_ms > 0 && html`<span>${texts.show('item.used', { when: agoText(texts, now - use_time_ms) })}</span>`;
    const left = details['left'] !== undefined && html` <span>${texts.show('item.left', { count: details['left'] })}</span>`;
    const acts = actions.map((action) =>
      own(
        { item: id, action: action.value },
        submitButton(texts, texts.find('action', action.id) ?? 'button.continue', {
          look: 'secondary',
          values: action.parameters,
        }),
      ),
    );
    return html`<li><div><strong><bdi>${name || (named !== undefined && texts.say(named))}</bdi></strong><p class="quiet">${made}${used}${left}</p></div>${acts}</li>`;
  });
  return html`<ul class="items">${shown}</ul>`;
}

/** A link to another step, with its interaction. */
export function link(context: PageContext, path: string, text: string, parameters: Readonly<Record<string, string>> = {}): Html {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== ''));
  return html`<a href="${context.prefix}${path}${query.size === 0 ? '' : `?${query}`}">${text}</a>`;
}

export const clientName = (texts: Texts, client: { client_name: string; client_id: string } | undefined): string =>
  nameWithHost(client) || texts.say('client.unnamed');

/** A client that is known by the address of its metadata chose its name alone; its host is what somebody had to own. */
function nameWithHost(client: { client_name: string; client_id: string } | undefined): string {
  const name = client?.client_name.trim() || client?.client_id || '';
  if (!client?.client_id.startsWith('https://') || !URL.canParse(client.client_id)) return name;
  const { host } = new URL(client.client_id);
  return name === client.client_id ? host : `${name} (${host})`;
}
