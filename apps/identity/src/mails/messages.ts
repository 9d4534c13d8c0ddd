import type { MailKind } from './kinds.ts';
import english from './messages/en.json' with { type: 'json' };

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

export interface Catalogue {
  readonly layout: Readonly<Record<keyof typeof english.layout, string>>;
  readonly kinds: Readonly<Record<MailKind, KindTexts>>;
}

/** Another language is a file of the same shape and a line here. */
const catalogues: Readonly<Record<string, Catalogue>> = { en: english };

export const builtInLanguages: readonly string[] = Object.keys(catalogues);

const rightToLeft: ReadonlySet<string> = new Set(['ar', 'fa', 'he', 'ur']);

export const directionOf = (locale: string): 'ltr' | 'rtl' => (rightToLeft.has(languageOf(locale)) ? 'rtl' : 'ltr');

/** The texts of a locale, or of English where it is not there. */
export function catalogueOf(locale: string): { lang: string; catalogue: Catalogue } {
  const lang = languageOf(locale);
  const found = Object.hasOwn(catalogues, lang) ? catalogues[lang] : undefined;
  return found ? { lang, catalogue: found } : { lang: 'en', catalogue: english };
}

/** A locale in its canonical spelling (BCP 47), or undefined for what is none. */
export function canonicalLocale(text: string): string | undefined {
  try {
    return text.length > 35 ? undefined : Intl.getCanonicalLocales(text)[0];
  } catch {
    return undefined;
  }
}

/** What is looked for, best first: `pt-BR`, `pt`, `en`. */
export function localesFor(wanted: string): string[] {
  const canonical = canonicalLocale(wanted);
  return [...new Set([...(canonical ? [canonical, languageOf(canonical)] : []), 'en'])];
}

const languageOf = (locale: string): string => locale.toLowerCase().split('-')[0] ?? '';
