import { describe, expect, test } from 'vitest';
import { agoText } from './ago.ts';
import { type Catalogue, catalogues, type MessageId, textsOf } from './messages.ts';

const english: Readonly<Record<string, string>> = catalogues.en;
const suffix = /\.(zero|one|two|few|many)$/;
const baseOf = (id: string): string => (id in english && !suffix.test(id) ? id : id.replace(suffix, ''));
const placeholders = (text = ''): string[] => [...new Set(text.match(/\{[^}]*\}/g))].sort();
const numbers = [...Array(200).keys()];

/** The plural categories that numbers of every day have in a language, each with the numbers that have it. */
function categoriesOf(lang: string): Map<string, number[]> {
  const rules = new Intl.PluralRules(lang);
  const found = new Map<string, number[]>();
  for (const one of numbers) {
    const category = rules.select(one);
    if (category !== 'other') found.set(category, [...(found.get(category) ?? []), one]);
  }
  return found;
}

describe.each(Object.entries<Readonly<Record<string, string>>>(catalogues))('pages.md, "Words": %s', (lang, catalogue) => {
  const entries = Object.entries(catalogue);
  const categories = categoriesOf(lang);

  test('has only ids that are known', () => {
    expect(entries.map(([id]) => id).filter((id) => !(baseOf(id) in english) || suffix.test(baseOf(id)))).toEqual([]);
  });

  test('has plural forms of its own only, beside the general one, for texts with a number', () => {
    const forms = entries.map(([id]) => id).filter((id) => baseOf(id) !== id);
    expect(forms.filter((id) => !categories.has(id.split('.').at(-1) ?? '') || !(baseOf(id) in catalogue))).toEqual([]);
    expect(forms.filter((id) => placeholders(english[baseOf(id)]).length === 0)).toEqual([]);
  });

  test('has the placeholders of the English text; a form that stands for one number may say that number in words', () => {
    const wrong = entries.filter(([id, text]) => {
      const own = placeholders(text);
      const wanted = placeholders(english[baseOf(id)]);
      const isOneNumber = baseOf(id) !== id && categories.get(id.split('.').at(-1) ?? '')?.length === 1;
      const fits = own.join() === wanted.join() || (isOneNumber && own.every((one) => wanted.includes(one)));
      return !fits || /[{}]/.test(text.replace(/\{[a-z_]+\}/g, ''));
    });
    expect(wrong).toEqual([]);
  });

  test('has no markup, no empty text, no space at an end, no second space', () => {
    expect(entries.filter(([, text]) => /[<>]|&\w+;|^\s|\s$|\s\s|^$|[\p{Cc}\u202a-\u202e]/u.test(text))).toEqual([]);
  });

  test('OWASP, account enumeration: two answers that must not differ are one text', () => {
    expect(catalogue['message.identity_disabled']).toBe(catalogue['message.credentials_wrong']);
    expect(catalogue['message.identity_exists']).toBe(catalogue['message.identifier_taken']);
  });

  test.skipIf(entries.length === 0)('is complete: a language that is offered has every text, in every form of what is counted', () => {
    const ids = Object.keys(english).filter((id) => baseOf(id) === id);
    const counted = new Set(
      Object.keys(english)
        .filter((id) => baseOf(id) !== id)
        .map(baseOf),
    );
    const wanted = ids.flatMap((id) => [id, ...(counted.has(id) ? [...categories.keys()].map((one) => `${id}.${one}`) : [])]);
    expect(wanted.filter((id) => !(id in catalogue))).toEqual([]);
  });
});

describe('Unicode CLDR, plural rules', () => {
  const arabic: Catalogue = {
    'ago.minutes': 'قبل {count} دقيقة',
    'ago.minutes.one': 'قبل دقيقة واحدة',
    'ago.minutes.two': 'قبل دقيقتين',
    'ago.minutes.few': 'قبل {count} دقائق',
    'login.to': 'للمتابعة إلى {client}',
  };
  const texts = textsOf('ar', arabic);
  const minutes = (count: number) => agoText(texts, count * 60_000);

  test('the number chooses the form; a form that is missing is the general one', () => {
    expect([1, 2, 3, 11, 100].map(minutes)).toEqual(['قبل دقيقة واحدة', 'قبل دقيقتين', 'قبل 3 دقائق', 'قبل 11 دقيقة', 'قبل 100 دقيقة']);
  });

  test('English has one and others', () => {
    const english = textsOf('en');
    expect([59_000, 60_000, 120_000, 47 * 3_600_000, 48 * 3_600_000].map((ms) => agoText(english, ms))).toEqual([
      'just now',
      'one minute ago',
      '2 minutes ago',
      '47 hours ago',
      '2 days ago',
    ]);
  });

  test('a text that is missing is the English one, in the English form', () => {
    expect(agoText(texts, 2 * 3_600_000)).toBe('2 hours ago');
    expect(texts.say('throttled.in_seconds' satisfies MessageId, { count: '1' })).toBe('in a second');
  });

  test('numbers are written as the language does, in the digits of codes; years and phone numbers stay', () => {
    const says = (lang: string, max: string) =>
      textsOf(lang, { 'message.trait_too_large': '{max}' }).say('message.trait_too_large', { max });
    expect(says('de', '12000')).toBe('12.000');
    expect(says('ar', '12000')).toBe('12,000');
    expect(says('en', '1984')).toBe('1984');
    expect(says('en', '007')).toBe('007');
    expect(textsOf('en').say('message.passkey_renamed', { name: '12000' })).toContain('12000');
    expect(says('en', '+49151234567')).toBe('+49151234567');
  });

  test('Unicode UAX #9: a name in a sentence that runs the other way is set apart, in markup and without', () => {
    expect(texts.dir).toBe('rtl');
    expect(texts.say('login.to', { client: 'Notes (1)' })).toBe('للمتابعة إلى \u2068Notes (1)\u2069');
    expect(texts.show('login.to', { client: 'Notes (1)' }).text).toBe('للمتابعة إلى <bdi>Notes (1)</bdi>');
  });
});
