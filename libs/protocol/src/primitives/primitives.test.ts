import { protocolFakes } from '@authority/testing/protocol';
import { anyText } from '@authority/testing/text';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode } from './base64url.ts';
import { formUrlDecode, parseBasic } from './basic-credentials.ts';
import { isCodeVerifier, verifierMatches } from './code-challenge.ts';
import { equalText } from './constant-time.ts';
import { isClientId, makeClientId } from './identifiers.ts';
import { readUnverified } from './jwt.ts';
import { collect } from './parameters.ts';
import { parseScope } from './scope.ts';

const formEncode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);
const text = anyText().filter((value) => !/[\u0000-\u001f\u007f]/.test(value));

test('RFC 6749 §2.3.1: what is form-urlencoded comes back', () => {
  fc.assert(fc.property(text, (value) => formUrlDecode(formEncode(value)) === value));
});

test('RFC 6749 §2.3.1: id and secret of Basic come back, whatever is in them', () => {
  const id = text.filter((value) => value !== '');
  fc.assert(
    fc.property(id, text, (client_id, client_secret) => {
      const header = `Basic ${Buffer.from(`${formEncode(client_id)}:${formEncode(client_secret)}`).toString('base64')}`;
      expect(parseBasic(header)).toEqual({ client_id, client_secret });
    }),
  );
});

test('RFC 6749 §2.3.1: no header makes the parser throw', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.base64String(),
      (any, base64) => [parseBasic(any), parseBasic(`Basic ${base64}`), formUrlDecode(any)].length === 3,
    ),
  );
  expect(formUrlDecode('%C3%28')).toBeUndefined();
  expect(formUrlDecode('%')).toBeUndefined();
});

test('RFC 4648 §5: base64url has one spelling for each value', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => Buffer.from(bytes).equals(decode(encode(bytes)) ?? Buffer.from('none'))));
  for (const spelling of ['AA==', 'AB', 'A', 'AA+/', 'A A', 'AAA\n']) expect(decode(spelling)).toBeUndefined();
});

test('RFC 7636 appendix B: the example of the RFC', () => {
  expect(verifierMatches('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')).toBe(true);
  expect(isCodeVerifier('x'.repeat(42))).toBe(false);
  expect(isCodeVerifier('x'.repeat(128))).toBe(true);
  expect(isCodeVerifier('x'.repeat(129))).toBe(false);
  expect(isCodeVerifier(`${'x'.repeat(43)}+`)).toBe(false);
});

test('style.md: comparison in constant time is comparison', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => equalText(a, b) === Buffer.from(a).equals(Buffer.from(b)) && equalText(a, a)));
});

test('RFC 6749 §3.3: a scope is its tokens, each once, in order', () => {
  expect(parseScope('b a b')).toEqual(['b', 'a']);
  expect(parseScope(undefined)).toEqual([]);
  const token = fc.stringMatching(/^[!#-[\]-~]{1,8}$/);
  fc.assert(fc.property(fc.uniqueArray(token, { minLength: 1 }), (tokens) => parseScope(tokens.join(' ')).join() === tokens.join()));
});

test('RFC 6749 §3.1: parameters are counted before empty ones are dropped', () => {
  const parameter = fc.record({ name: fc.constantFrom('a', 'b', 'resource'), value: fc.constantFrom('', 'x', 'y\0') });
  fc.assert(
    fc.property(fc.array(parameter), (parameters) => {
      const { map, repeated, malformed } = collect(parameters);
      const count = (name: string) => parameters.filter((one) => one.name === name).length;
      expect(repeated !== undefined).toBe(count('a') > 1 || count('b') > 1);
      expect(malformed !== undefined).toBe(parameters.some(({ value }) => value.includes('\0')));
      for (const [name, values] of map)
        expect(values).toEqual(parameters.filter((one) => one.name === name && one.value !== '').map(({ value }) => value));
    }),
  );
});

test('RFC 7515 §7.1: no text makes the JWT reader throw', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.array(fc.base64String()),
      (any, parts) => [readUnverified(any), readUnverified(parts.join('.'))].length === 2,
    ),
  );
  const part = (value: string) => Buffer.from(value).toString('base64url');
  expect(readUnverified(`${part('{"alg":"x"}')}.${part('{}')}.AA`)).toEqual({ header: { alg: 'x' }, payload: {} });
  for (const jws of [
    `${part('[]')}.${part('{}')}.AA`,
    `${part('{}')}.${part('null')}.AA`,
    `${part('{}')}.${part('{}')}.`,
    `${part('{}')}.${part('{}')}`,
  ]) {
    expect(readUnverified(jws)).toBeUndefined();
  }
});

test('RFC 9700 §4.15: client ids are never shaped like subjects', () => {
  for (const id of ['0190b3a4-0000-7000-8000-000000000001', '0190B3A4000070008000000000000001', '', 'a b', 'a/b', 'x'.repeat(129)])
    expect(isClientId(id)).toBe(false);
  for (const id of ['app', 'c_abc-def', 'https-app.example~1']) expect(isClientId(id)).toBe(true);
  expect(isClientId(makeClientId(protocolFakes().random))).toBe(true);
});
