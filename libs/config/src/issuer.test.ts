import { expect, it } from 'vitest';
import { isLoopbackHost, parseIssuer } from './index.ts';

it.each([
  ['https://auth.example.com', 'https://auth.example.com'],
  ['https://Auth.Example.com:443/', 'https://auth.example.com'],
  ['https://auth.example.com/tenant/a/', 'https://auth.example.com/tenant/a'],
  ['http://localhost:8080/', 'http://localhost:8080'],
  ['http://127.3.2.1:80', 'http://127.3.2.1'],
  ['http://[::1]:8080/auth', 'http://[::1]:8080/auth'],
  ['http://a.localhost', 'http://a.localhost'],
])('RFC 8414 §2: %s is the issuer %s', (given, issuer) => {
  expect(parseIssuer(given)).toBe(issuer);
});

it.each([
  ['http://auth.example.com', 'https unless its host is loopback'],
  ['http://localhost.example.com', 'https unless its host is loopback'],
  ['http://127.0.0.1.nip.io', 'https unless its host is loopback'],
  ['http://0.0.0.0', 'https unless its host is loopback'],
  ['https://auth.example.com/?', 'no query'],
  ['https://auth.example.com?x=1', 'no query'],
  ['https://auth.example.com#', 'no query and no fragment'],
  ['https://u:p@auth.example.com', 'user name'],
  ['https://auth.example.com//a', 'empty path segment'],
  ['https://auth.example.com/a%2fb', 'path of letters'],
  ['ftp://auth.example.com', 'must begin with https'],
  ['auth.example.com', 'must be a URL'],
])('RFC 8414 §2: %s is refused', (given, why) => {
  expect(() => parseIssuer(given)).toThrow(why);
});

it('RFC 6761 §6.3: loopback is by name or number, not by prefix', () => {
  expect(['localhost', 'LOCALHOST', '::1', '127.0.0.1'].map(isLoopbackHost)).toEqual([true, true, true, true]);
  expect(['localhost.evil.com', '128.0.0.1', '10.0.0.1'].map(isLoopbackHost)).toEqual([false, false, false]);
});
