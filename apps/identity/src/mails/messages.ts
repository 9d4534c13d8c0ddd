import type { MailKind } from './kinds.ts';
import arabic from './messages/ar.json' with { type: 'json' };
import german from './messages/de.json' with { type: 'json' };
import english from './messages/en.json' with { type: 'json' };
import spanish from './messages/es.json' with { type: 'json' };
import french from './messages/fr.json' with { type: 'json' };
import japanese from './messages/ja.json' with { type: 'json' };
import portuguese from './messages/pt.json' with { type: 'json' };
import chinese from './messages/zh.json' with { type: 'json' };

/** The texts of one kind; `{{…}}` are values (view.ts). */
export interface KindTexts {
  readonly subject: string;
  readonly heading: string;
  readonly lines: readonly string[];
  /** What the button says; kinds without a link have none. */
  readonly action?: string;
  /** What to do if it was somebody else. */
  readonly otherwise: string;
}

type Layout = Readonly<Record<keyof typeof english.layout, string>>;

/** Mails of a language. A kind that one has not is sent in English. */
export interface Catalogue {
  readonly layout?: Layout;
  readonly kinds?: Readonly<Partial<Record<MailKind, KindTexts>>>;
}

/** Another language is a file of the same shape and a line here. It is built in once it has texts. */
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

export const builtInLanguages: readonly string[] = [...byName].filter(([, { layout }]) => layout !== undefined).map(([lang]) => lang);

const rightToLeft: ReadonlySet<string> = new Set(['ar', 'fa', 'he', 'ur']);

export const directionOf = (locale: string): 'ltr' | 'rtl' => (rightToLeft.has(languageOf(locale)) ? 'rtl' : 'ltr');

/** The texts of a kind in the language of a locale, or in English where they are not there: a mail is in one language. */
export function mailTexts(kind: MailKind, locale: string): { lang: string; texts: KindTexts; layout: Layout } {
  const lang = languageOf(locale);
  const { layout, kinds } = byName.get(lang) ?? {};
  const texts = kinds?.[kind];
  return layout && texts ? { lang, texts, layout } : { lang: 'en', texts: english.kinds[kind], layout: english.layout };
}

/** A locale in its canonical spelling (BCP 47), or undefined for what is none. */
export function canonicalLocale(text: string): string | undefined {
  try {
    return text.length > 35 ? undefined : Intl.getCanonicalLocales(text)[0];
  } catch {
    return undefined;
  }
}

/** What is looked for, best first (RFC 4647 §3.4): `pt-BR`, `pt`, `en`. */
export function localesFor(wanted: string): string[] {
  const subtags = canonicalLocale(wanted)?.split('-') ?? [];
  return [...new Set([...subtags.map((_, index) => subtags.slice(0, subtags.length - index).join('-')), 'en'])];
}

const languageOf = (locale: string): string => locale.toLowerCase().split('-')[0] ?? '';
