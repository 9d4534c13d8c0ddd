import { expect, test } from 'vitest';
import { lookupLanguage, readLanguages } from './language-tag.ts';

test.each([
  [['de'], 'de'],
  [['de-AT', 'fr'], 'de'],
  [['DE-at-1996'], 'de'],
  [['zh-Hant-x-one'], 'zh-Hant'],
  [['pt', 'fr-CA'], 'fr'],
  [['pt'], undefined],
  [[], undefined],
])('RFC 4647 §3.4: of those wanted, %j, the first that is there is %s', (wanted, found) => {
  expect(lookupLanguage(['en', 'de', 'fr', 'zh-Hant'], wanted)).toBe(found);
});

test('OpenID Connect Core §3.1.2.1: what is no language is passed over, and so is what is too much', () => {
  expect(readLanguages('de-AT  <b> en_US fr')).toEqual(['de-AT', 'fr']);
  expect(readLanguages(undefined)).toEqual([]);
  expect(readLanguages('de '.repeat(20))).toHaveLength(16);
});
