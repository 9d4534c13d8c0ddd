import { expect, test } from 'vitest';
import { chooseLanguage } from './choose-language.ts';
import { textsOf } from './messages.ts';

const offered = new Set(['en', 'de', 'fr', 'pt', 'zh', 'ar']);
const chosen = (uiLocales: string[], acceptLanguage?: string) => chooseLanguage(uiLocales, acceptLanguage, offered);

test('OpenID Connect Core §3.1.2.1: ui_locales before what the browser prefers', () => {
  expect(chosen(['fr-CA', 'en-GB'], 'de')).toBe('fr');
  expect(chosen(['xx', 'de'], 'fr')).toBe('de');
  expect(chosen(['xx'], 'fr')).toBe('fr');
});

test.each([
  ['zh-TW', 'zh'],
  ['zh-Hans', 'zh'],
  ['zh-Hant-HK-x-ours', 'zh'],
  ['pt-BR', 'pt'],
  ['DE-at', 'de'],
  ['ar-EG', 'ar'],
  ['dev', 'en'],
  ['*', 'en'],
  ['', 'en'],
])('RFC 4647 §3.4: %j is looked up as %s', (tag, lang) => expect(chosen([tag])).toBe(lang));

test('RFC 9110 §12.5.4: the browser says in which order, and what it will not have', () => {
  expect(chosen([], 'fr;q=0.5, de;q=0.9, en;q=0.1')).toBe('de');
  expect(chosen([], 'de;q=0, fr')).toBe('fr');
});

test('what is not there is English, whatever it is called', () => {
  expect(chosen([], 'xx;q=0.9, en;q=0.1, __proto__, constructor')).toBe('en');
  expect(textsOf('constructor').lang).toBe('en');
  expect(chosen([`${'a-'.repeat(10_000)}de`], ','.repeat(10_000))).toBe('en');
});
