import { describe, expect, test } from 'vitest';
import { type MailKind, mailKinds } from './kinds.ts';
import { builtInLanguages, type Catalogue, catalogues, type KindTexts, localesFor, mailTexts } from './messages.ts';

const english = catalogues.en;
const kinds = Object.keys(mailKinds) as MailKind[]; // of our own table
const tags = (text: string): string[] => (text.match(/\{\{[^}]*\}\}/g) ?? []).sort();
/** The parts of a kind in their order, each with its name. */
const partsOf = ({ lines, ...texts }: KindTexts): [string, string][] => [...Object.entries(texts).sort(), ['lines', lines.join('\n')]];

describe.each(Object.entries<Catalogue>(catalogues))('pages.md, "Mails": %s', (lang, { layout = {}, kinds: own = {} }) => {
  const named: [string, string, string][] = [
    ...Object.entries(layout).map(([id, text]): [string, string, string] => [
      id,
      text,
      new Map(Object.entries(english.layout)).get(id) ?? '',
    ]),
    ...kinds.flatMap((kind) => {
      const texts = own[kind];
      if (texts === undefined) return [];
      const wanted = new Map(partsOf(english.kinds[kind]));
      return partsOf(texts).map(([part, text]): [string, string, string] => [`${kind}.${part}`, text, wanted.get(part) ?? '']);
    }),
  ];

  test('has kinds and parts that are known', () => {
    expect(Object.keys(own).filter((kind) => !(kind in mailKinds))).toEqual([]);
    expect(named.filter(([, , wanted]) => wanted === '')).toEqual([]);
  });

  test('names the values of the English text', () => {
    expect(named.filter(([, text, wanted]) => tags(text).join() !== tags(wanted).join())).toEqual([]);
  });

  test('has no markup, no empty text, no space at an end, no second space', () => {
    expect(named.filter(([, text]) => /[<>]|&\w+;|^\s|\s$| {2}|^$|[\u202a-\u202e]/.test(text))).toEqual([]);
  });

  test.skipIf(named.length === 0)('is complete: a language that is built in has every kind, with every part', () => {
    expect(Object.keys(layout).sort()).toEqual(Object.keys(english.layout).sort());
    const parts = (of: Readonly<Record<string, KindTexts>>) =>
      kinds.flatMap((kind) => (of[kind] ? partsOf(of[kind]) : []).map(([part]) => `${kind}.${part}`));
    expect(parts(own)).toEqual(parts(english.kinds));
  });
});

test('what is not there is English, the whole mail', () => {
  expect(mailTexts('recovery', 'tlh')).toMatchObject({ lang: 'en', texts: english.kinds.recovery });
  expect(mailTexts('recovery', 'constructor').lang).toBe('en');
  expect(builtInLanguages).toContain('en');
});

test('RFC 4647 §3.4: a regional locale is looked up as it is, then as its language', () => {
  expect(localesFor('pt-br')).toEqual(['pt-BR', 'pt', 'en']);
  expect(localesFor('zh-Hant-TW')).toEqual(['zh-Hant-TW', 'zh-Hant', 'zh', 'en']);
  expect(localesFor('no language')).toEqual(['en']);
});
