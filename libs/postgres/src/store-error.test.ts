import { StatusError } from '@authority/errors';
import { expect, test } from 'vitest';
import { assertStorable, isConnectionLost, toStoreError } from './store-error.ts';

const withCode = (code: string): Error => Object.assign(new Error(code), { code });

test.each(['08006', '57P01', '57P03', '53300', '25006', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND'])(
  'ARCH: %s is UNAVAILABLE, and the statement may have been applied',
  (code) => {
    const error = toStoreError(withCode(code));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', reason: 'store_unavailable', retryAfterMs: 1000 });
    expect(isConnectionLost(error)).toBe(true);
  },
);

test.each(['57014', '55P03', '25P03'])('ARCH: %s is UNAVAILABLE, and the connection is there', (code) => {
  const error = toStoreError(withCode(code));
  expect(error).toBeInstanceOf(StatusError);
  expect(isConnectionLost(error)).toBe(false);
});

test.each(['23505', '42P01', '22021', '40P01'])('ARCH: %s stays what it is', (code) => {
  const error = withCode(code);
  expect(toStoreError(error)).toBe(error);
});

test('what pg says without a code when a connection breaks is UNAVAILABLE', () => {
  for (const text of [
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'timeout expired',
    'Query read timeout',
  ]) {
    expect(toStoreError(new Error(text))).toBeInstanceOf(StatusError);
  }
  expect(toStoreError(new TypeError('x is not a function'))).toBeInstanceOf(TypeError);
});

test('performance.md 6: NUL, halves of surrogate pairs and what is too long are refused', () => {
  for (const text of ['a\0', '\ud800', 'x'.repeat(65_537)]) expect(() => assertStorable(text)).toThrow(StatusError);
  expect(() => assertStorable('ä\u{1f600}\n')).not.toThrow();
});
