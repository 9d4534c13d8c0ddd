import { OAuthError } from '@authority/errors';
import { expect, test } from 'vitest';
import { cookiesFor, randomValue } from './cookies.ts';
import { assertOwnForm } from './csrf.ts';
import { issuerOf } from './issuer.ts';

const issuer = issuerOf('https://login.example');
const token = randomValue();
const reasonOf = (headers: Record<string, string>, cookie = token, field = token): string => {
  try {
    assertOwnForm(headers, issuer, cookie, field);
  } catch (error) {
    if (error instanceof OAuthError) return error.reason;
    throw error;
  }
  return 'none';
};

test('Fetch §3.2: our own forms pass, with the origin null that our referrer policy makes of it', () => {
  expect(reasonOf({ origin: 'https://login.example', 'sec-fetch-site': 'same-origin' })).toBe('none');
  expect(reasonOf({ origin: 'null', 'sec-fetch-site': 'same-origin' })).toBe('none');
  expect(reasonOf({ origin: 'https://login.example' })).toBe('none');
  expect(reasonOf({})).toBe('none');
});

test('Fetch Metadata §2: a form of another site is refused, though it has the token', () => {
  expect(reasonOf({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })).toBe('origin_foreign');
  expect(reasonOf({ origin: 'https://evil.example' })).toBe('origin_foreign');
  expect(reasonOf({ origin: 'http://login.example' })).toBe('origin_foreign');
  expect(reasonOf({ origin: 'https://login.example:8443' })).toBe('origin_foreign');
  expect(reasonOf({ 'sec-fetch-site': 'cross-site' })).toBe('origin_foreign');
  expect(reasonOf({ 'sec-fetch-site': 'same-site', origin: 'https://other.login.example' })).toBe('origin_foreign');
  expect(reasonOf({ origin: 'null', 'sec-fetch-site': 'cross-site' })).toBe('origin_foreign');
  expect(reasonOf({ origin: 'null' })).toBe('origin_foreign');
});

test('double submit: the field must repeat the cookie, and nothing equals nothing', () => {
  expect(reasonOf({}, token, randomValue())).toBe('csrf_mismatch');
  expect(reasonOf({}, token, '')).toBe('csrf_mismatch');
  expect(reasonOf({}, '', token)).toBe('csrf_mismatch');
  expect(reasonOf({}, '', '')).toBe('csrf_mismatch');
  expect(reasonOf({}, token, `${token}x`)).toBe('csrf_mismatch');
});

test('RFC 6265bis §4.1.3.2: __Host- where the issuer is https, else the port in the name', () => {
  const secure = cookiesFor(issuer);
  expect(secure.set('session', 'v', 60_000)).toBe('__Host-authority-session=v; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60');
  const plain = cookiesFor(issuerOf('http://localhost:8080/tenant'));
  expect(plain.set('browser', 'v')).toBe('authority-browser-8080=v; Path=/; HttpOnly; SameSite=Lax');
  expect(plain.clear('session')).toBe('authority-session-8080=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0');
});

test('RFC 6265bis §5.7: a cookie that comes twice, or with what we never write, is none', () => {
  const { read } = cookiesFor(issuer);
  const name = '__Host-authority-session';
  expect(read(`a=b; ${name}=good; c=d`, 'session')).toBe('good');
  expect(read(`${name}=one; ${name}=two`, 'session')).toBe('');
  expect(read(`${name}=two words`, 'session')).toBe('');
  expect(read(`${name}="quoted"`, 'session')).toBe('');
  expect(read(`x${name}=one`, 'session')).toBe('');
  expect(read(`${name}=${'x'.repeat(600)}`, 'session')).toBe('');
  expect(read('authority-session-443=one', 'session')).toBe('');
  expect(read(undefined, 'session')).toBe('');
});
