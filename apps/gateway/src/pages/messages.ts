import arabic from './messages/ar.json' with { type: 'json' };
import german from './messages/de.json' with { type: 'json' };
import english from './messages/en.json' with { type: 'json' };
import spanish from './messages/es.json' with { type: 'json' };
import french from './messages/fr.json' with { type: 'json' };
import japanese from './messages/ja.json' with { type: 'json' };
import portuguese from './messages/pt.json' with { type: 'json' };
import chinese from './messages/zh.json' with { type: 'json' };
import { Html, type HtmlValue, html } from './html.ts';

/** Unicode CLDR's plural categories, but for `other`: that is the text without one. */
type Category = 'zero' | 'one' | 'two' | 'few' | 'many';

export type MessageId = Exclude<keyof typeof english, `${string}.${Category}`>;

/** Texts of a language. What one has not is said in English. */
export type Catalogue = Readonly<Partial<Record<MessageId | `${MessageId}.${Category}`, string>>>;

/** Another language is a file of the same ids and a line here. It is offered once it has texts. */
export const catalogues = {
  en: english,
  de: german,
  fr: french,
  es: spanish,
  pt: portuguese,
  ja: japanese,
  zh: chinese,
  ar: arabic,
} satisfies Readonly<Record<string, Catalogue>>;

const byName: ReadonlyMap<string, Catalogue> = new Map(Object.entries(catalogues));

/** The languages that people can be spoken to in. */
export const languages: ReadonlySet<string> = new Set(
  [...byName].filter(([, texts]) => Object.keys(texts).length > 0).map(([lang]) => lang),
);

/** The texts of one language. */
export interface Texts {
  readonly lang: string;
  readonly dir: 'ltr' | 'rtl';
  /** Plain text, for attributes and titles. */
  say(id: MessageId, values?: Readonly<Record<string, string>>): string;
  /** Markup; values are set apart as `<bdi>`, so that a name written from right to left disturbs no sentence. */
  show(id: MessageId, values?: Readonly<Record<string, Html | string>>): Html;
  /** The message of an owner, by its id; a general one where the id is newer than this release. */
  find(prefix: string, id: string): MessageId | undefined;
}

const rightToLeft: ReadonlySet<string> = new Set(['ar', 'fa', 'he', 'ur']);

interface Language {
  readonly catalogue: Catalogue;
  readonly plurals: Intl.PluralRules;
  readonly numbers: Intl.NumberFormat;
}

const languageOf = (lang: string, catalogue: Catalogue): Language => ({
  catalogue,
  plurals: new Intl.PluralRules(lang),
  // The digits of codes that people type; a year has no separator.
  numbers: new Intl.NumberFormat(lang, { numberingSystem: 'latn', useGrouping: 'min2' }),
});

/** Made once: rules and formats of Intl cost more than a page. */
const built: ReadonlyMap<string, Language> = new Map([...byName].map(([lang, catalogue]) => [lang, languageOf(lang, catalogue)]));

const inEnglish = built.get('en') ?? languageOf('en', english);

export function textsOf(wanted: string, catalogue?: Catalogue): Texts {
  const lang = byName.has(wanted) ? wanted : 'en';
  const own = catalogue === undefined ? (built.get(lang) ?? inEnglish) : languageOf(lang, catalogue);
  const dir = rightToLeft.has(lang) ? 'rtl' : 'ltr';
  // Where nothing can be marked up, a name is set apart by characters (Unicode UAX #9 §2.4.2).
  const apart = (name: string, shown: string) => (dir === 'rtl' && shown !== '' && !counted.has(name) ? `\u2068${shown}\u2069` : shown);
  return {
    lang,
    dir,
    say: (id, values = {}) => {
      const { text, filled } = wording(own, id, values);
      return text.replace(placeholder, (_, name: string) => apart(name, filled[name] ?? ''));
    },
    show: (id, values = {}) => {
      const { text, filled } = wording(own, id, values);
      return new Html(
        pieces(text, filled)
          .map((piece) => piece.text)
          .join(''),
      );
    },
    find: (prefix, id) => (Object.hasOwn(english, `${prefix}.${id}`) ? (`${prefix}.${id}` as MessageId) : undefined), // has it
  };
}

/** The text of the language, in the plural form of the first number that it is given, and the values as the language writes them. */
function wording<V extends HtmlValue>(own: Language, id: MessageId, values: Readonly<Record<string, V>>) {
  const language = own.catalogue[id] === undefined ? inEnglish : own;
  const { catalogue, plurals, numbers } = language;
  const number = Object.entries(values).find(isCount)?.[1];
  const category = number === undefined ? 'other' : plurals.select(Number(number));
  const text = (category === 'other' ? undefined : catalogue[`${id}.${category}`]) ?? catalogue[id] ?? english[id];
  const written = (entry: readonly [string, V]) => (isCount(entry) ? numbers.format(Number(entry[1])) : entry[1]);
  const filled = Object.fromEntries(Object.entries(values).map((entry) => [entry[0], written(entry)]));
  return { text, filled };
}

/** By its name: who is called 12000 keeps that spelling. */
const isCount = ([name, value]: readonly [string, HtmlValue]): boolean =>
  counted.has(name) && typeof value === 'string' && /^(?:0|[1-9]\d{0,8})$/.test(value);
const counted: ReadonlySet<string> = new Set(['count', 'min', 'max', 'seconds', 'digits']);

const placeholder = /\{([a-z_]+)\}/g;

function pieces(text: string, values: Readonly<Record<string, HtmlValue>>): Html[] {
  // split() with a group gives text, name, text, name, ...
  return text.split(placeholder).map((piece, index) => (index % 2 === 0 ? html`${piece}` : html`<bdi>${values[piece]}</bdi>`));
}
