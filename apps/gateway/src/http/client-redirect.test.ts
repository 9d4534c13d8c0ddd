import { expect, test } from 'vitest';
import { assertPostable, redirectTo } from './client-redirect.ts';

const answer = [{ name: 'code', value: 'a b&c' }];

test('RFC 6749 §3.1.2: the registered URI keeps its query and its spelling', () => {
  expect(redirectTo('https://c.example/cb', 'query', answer)).toBe('https://c.example/cb?code=a+b%26c');
  expect(redirectTo('https://c.example/cb?x=1', 'query', answer)).toBe('https://c.example/cb?x=1&code=a+b%26c');
  expect(redirectTo('https://c.example/cb?', 'query', answer)).toBe('https://c.example/cb?code=a+b%26c');
  expect(redirectTo('com.example.App:/CB', 'query', answer)).toBe('com.example.App:/CB?code=a+b%26c');
  expect(redirectTo('https://c.example', 'query', [])).toBe('https://c.example');
});

test('OAuth 2.0 Multiple Response Types §2.1: fragment', () => {
  expect(redirectTo('https://c.example/cb?x=1', 'fragment', answer)).toBe('https://c.example/cb?x=1#code=a+b%26c');
});

test('RFC 9700 §4.1: what a browser would run is no address', () => {
  for (const uri of ['javascript:alert(1)', 'JavaScript:alert(1)', 'data:text/html,x', '//evil.example', '/cb', '']) {
    expect(() => redirectTo(uri, 'query', answer)).toThrow();
    expect(() => assertPostable(uri)).toThrow();
  }
  expect(() => assertPostable('com.example.app:/cb')).toThrow();
});
