import { OAuthError } from '@authority/errors';
import { anyText } from '@authority/testing/text';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mostParameters, parseParameters, queryOf } from './parameters.ts';

const parse = (text: string) => parseParameters(Buffer.from(text));
const reasonOf = (bytes: Buffer): string => {
  try {
    parseParameters(bytes);
  } catch (error) {
    if (error instanceof OAuthError && error.error === 'invalid_request') return error.reason;
    throw error;
  }
  return 'none';
};

test('RFC 6749 Appendix B: names and values are decoded, order is kept', () => {
  expect(parse('grant_type=authorization_code&code=a%2Bb+c%C3%A9&empty=&bare')).toEqual([
    { name: 'grant_type', value: 'authorization_code' },
    { name: 'code', value: 'a+b cé' },
    { name: 'empty', value: '' },
    { name: 'bare', value: '' },
  ]);
});

test('RFC 6749 §3.2: a parameter that is sent twice is refused, also when written differently or empty', () => {
  for (const text of ['a=1&a=1', 'a=1&%61=2', 'a=&a=1', 'a&a']) expect(reasonOf(Buffer.from(text))).toBe('parameter_repeated');
});

test('RFC 8707 §2, RFC 8693 §2.1: resource and audience may be repeated', () => {
  expect(parse('resource=a&resource=b&audience=c&audience=d')).toHaveLength(4);
});

test('RFC 3629: bytes that are no UTF-8 are refused, raw and percent-encoded, and so is NUL', () => {
  for (const bytes of [
    [0x61, 0x3d, 0xff],
    [0x61, 0x3d, 0xc0, 0x80],
    [0x61, 0x3d, 0xed, 0xa0, 0x80],
    [0x61, 0x3d, 0],
  ]) {
    expect(reasonOf(Buffer.from(bytes))).toBe('encoding_invalid');
  }
  for (const text of ['a=%ff', 'a=%C0%80', 'a=%ED%A0%80', 'a=%00', '%00=a', 'a=%', 'a=%4', 'a=%zz']) {
    expect(reasonOf(Buffer.from(text))).toBe('encoding_invalid');
  }
});

test('the number of parameters is bounded', () => {
  const many = (count: number) => Buffer.from(Array.from({ length: count }, (_, index) => `p${index}=1`).join('&'));
  expect(reasonOf(many(mostParameters))).toBe('none');
  expect(reasonOf(many(mostParameters + 1))).toBe('encoding_invalid');
});

test('property: any bytes are parsed or refused as invalid_request, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void reasonOf(Buffer.from(bytes))),
    { numRuns: 2000 },
  );
  const nasty = fc.array(fc.constantFrom('%', '&', '=', '+', 'a', '%0', '%00', '%C3', '%A9', 'é', '\ud800', '%ED%A0%80'), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(nasty, (parts) => void reasonOf(Buffer.from(parts.join('')))),
    { numRuns: 2000 },
  );
});

test('property: what the platform encodes is read back as it was', () => {
  const text = anyText(30).filter((one) => !one.includes('\0'));
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name, maxLength: 10 }), (pairs) => {
      const parsed = parse(new URLSearchParams(pairs).toString());
      expect(parsed).toEqual(pairs.map(([name, value]) => ({ name, value })));
    }),
  );
});

test('a query is taken from the target as bytes', () => {
  expect(queryOf('/a?b=c?d')).toEqual(Buffer.from('b=c?d'));
  expect(queryOf('/a')).toHaveLength(0);
  expect(parseParameters(queryOf('/a?b=\u00c3\u00a9'))).toEqual([{ name: 'b', value: 'é' }]);
});
