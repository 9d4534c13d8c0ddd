import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namesRequest } from './request-url.ts';

const url = 'https://id.example.test/oauth2/token';

test.each([
  url,
  'HTTPS://ID.EXAMPLE.TEST/oauth2/token',
  'https://id.example.test:443/oauth2/token',
  'https://id.example.test/a/../oauth2/token',
  'https://id.example.test/%6Fauth2/t%6fken',
  'https://id.example.test/oauth2/token?a=b#c',
])('RFC 9449 §4.3: %s names the token endpoint', (written) => {
  expect(namesRequest(written, url)).toBe(true);
});

test.each([
  '',
  'token',
  '/oauth2/token',
  '//id.example.test/oauth2/token',
  'http://id.example.test/oauth2/token',
  'https://id.example.test:8443/oauth2/token',
  'https://id.example.test/oauth2/token/',
  'https://id.example.test/OAuth2/token',
  'https://id.example.test//oauth2/token',
  'https://id.example.test/oauth2%2Ftoken',
  'https://id.example.test./oauth2/token',
  'https://id.example.test@evil.example/oauth2/token',
  'https://evil.example@id.example.test/oauth2/token',
  'https://evil.example/https://id.example.test/oauth2/token',
  'https://id.example.test\\oauth2\\token',
  'https:\\\\id.example.test/oauth2/token',
  'https:id.example.test/oauth2/token',
  'https:///id.example.test/oauth2/token',
  ' https://id.example.test/oauth2/token',
  'https://id.example.test/oauth2/token\n',
  'https://id.exam\tple.test/oauth2/token',
  'https://id。example.test/oauth2/token',
  'javascript://id.example.test/oauth2/token',
  `https://id.example.test/oauth2/token?${'a'.repeat(4000)}`,
])('RFC 9449 §4.3: %j does not', (written) => {
  expect(namesRequest(written, url)).toBe(false);
});

test('RFC 9449 §4.3: whatever is written, it is judged and never thrown', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.webUrl()), (written) => typeof namesRequest(written, url) === 'boolean'));
});
