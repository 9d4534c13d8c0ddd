import english from './messages/en.json' with { type: 'json' };
import { Html, type HtmlValue, html } from './html.ts';

export type MessageId = keyof typeof english;

/** Another language is a file of the same ids and a line here. */
const catalogues: Readonly<Record<string, Readonly<Record<MessageId, string>>>> = { en: english };

/** The texts of one language. */
export interface Texts {
  readonly lang: string;
  readonly dir: 'ltr' | 'rtl';
  /** Plain text, for attributes and titles. */
  say(id: MessageId, values?: Readonly<Record<string, string>>): string;
  /** Markup; values are set apart as `<bdi>`, so that a name written from right to left disturbs no sentence. */
  show(id: MessageId, values?: Readonly<Record<string, string>>): Html;
  /** The message of an owner, by its id; a general one where the id is newer than this release. */
  find(prefix: string, id: string): MessageId | undefined;
}

const rightToLeft: ReadonlySet<string> = new Set(['ar', 'fa', 'he', 'ur']);

export function textsOf(lang: string): Texts {
  const known = Object.hasOwn(catalogues, lang) ? lang : 'en';
  const catalogue = catalogues[known] ?? english;
  return {
    lang: known,
    dir: rightToLeft.has(known) ? 'rtl' : 'ltr',
    say: (id, values = {}) => catalogue[id].replace(placeholder, (_, name: string) => values[name] ?? ''),
    show: (id, values = {}) =>
      new Html(
        pieces(catalogue[id], values)
          .map((piece) => piece.text)
          .join(''),
      ),
    find: (prefix, id) => (Object.hasOwn(catalogue, `${prefix}.${id}`) ? (`${prefix}.${id}` as MessageId) : undefined), // has it
  };
}

const placeholder = /\{([a-z_]+)\}/g;

function pieces(text: string, values: Readonly<Record<string, HtmlValue>>): Html[] {
  // split() with a group gives text, name, text, name, ...
  return text.split(placeholder).map((piece, index) => (index % 2 === 0 ? html`${piece}` : html`<bdi>${values[piece]}</bdi>`));
}

/** `ui_locales` of the request first (OpenID Connect Core §3.1.2.1), then what the browser prefers (RFC 9110 §12.5.4). */
export function chooseLanguage(uiLocales: readonly string[], acceptLanguage: string | undefined): string {
  const preferred = (acceptLanguage ?? '')
    .slice(0, 256)
    .split(',')
    .map((entry, index) => ({ tag: entry.split(';')[0]?.trim() ?? '', weight: weightOf(entry), index }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || a.index - b.index)
    .map(({ tag }) => tag);
  for (const tag of [...uiLocales, ...preferred]) {
    const language = tag.toLowerCase().split('-')[0] ?? '';
    if (Object.hasOwn(catalogues, language)) return language;
  }
  return 'en';
}

function weightOf(entry: string): number {
  const weight = /;\s*q=([\d.]+)/.exec(entry)?.[1];
  return weight === undefined ? 1 : Number(weight) || 0;
}
