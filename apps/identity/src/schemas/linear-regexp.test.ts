import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LinearRegExp } from './linear-regexp.ts';

describe('JSON Schema 2020-12 §6.3.3: pattern', () => {
  test.each([
    ['^[A-Z]{2}-\\d{3,5}$', ['AB-123', 'AB-12345'], ['AB-12', 'AB-123456', 'xAB-123', 'ab-123']],
    ['a|bc', ['xbcx', 'a'], ['b', 'c', '']],
    ['^(?:a|b)*$', ['', 'abba'], ['abc']],
    ['^\\p{Lu}\\p{L}+$', ['Ünal', 'Éa'], ['ünal', 'É']],
    ['^.{1,3}$', ['😀😀😀', 'a'], ['', '😀😀😀😀', '\n']],
    ['^[^\\]x-z\\\\-]+$', ['abc'], ['a]', 'x', '\\', '-']],
    ['^(a*)*b?$', ['aaaa', 'b', ''], ['ba']],
    ['^a{0}b{2,}$', ['bb', 'bbbb'], ['b', 'abb']],
    ['$^', [''], ['a']],
    ['(^a|b$)', ['ax', 'xb'], ['xa', 'bx']],
  ])('%s', (pattern, matching, others) => {
    const expression = new LinearRegExp(pattern);
    for (const text of matching) expect(expression.test(text), text).toBe(true);
    for (const text of others) expect(expression.test(text), text).toBe(false);
  });

  test('says what the engine of JavaScript says', () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      '[ab]',
      '[^a]',
      '.',
      '(a|b)',
      '(?:ab|a)',
      '\\w',
      'a*',
      'b+',
      'a?',
      '(a|ab)*',
      '(b{1,2})+',
      '^',
      '$',
      '|',
    );
    fc.assert(
      fc.property(fc.array(atom, { maxLength: 6 }), fc.stringMatching(/^[abc]{0,8}$/), (atoms, text) => {
        const pattern = atoms.join('');
        expect(new LinearRegExp(pattern).test(text), `${pattern} on ${text}`).toBe(new RegExp(pattern, 'u').test(text));
      }),
    );
  });

  test.each([
    '(a)\\1',
    '(?=a)',
    '(?<!a)b',
    '(?<n>a)',
    '\\bword',
    '[a',
    'a{2,1}',
    '(',
    'a{1000}{1000}',
    `${'a'.repeat(257)}`,
    '((a{99}){99}){99}',
  ])('CWE-1333: %s is refused', (pattern) => {
    expect(() => new LinearRegExp(pattern)).toThrow();
  });

  test.each(['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '(.*)*(.*)*(.*)*x', '^(([a-z])+.)+[A-Z]([a-z])+$'])(
    'CWE-1333: %s is linear in the text',
    (pattern) => {
      const expression = new LinearRegExp(pattern);
      const started = performance.now();
      expect(expression.test(`${'a'.repeat(2000)}!`)).toBe(false);
      expect(performance.now() - started).toBeLessThan(1000);
    },
  );
});
