import { anyString } from '@authority/testing/text';
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
  const piece = fc.constantFrom(
    'a',
    '/',
    '..',
    '.',
    '%2F',
    '%',
    '%ff',
    '?',
    '#',
    '@',
    ':',
    '\\',
    'é',
    '[',
    ']',
    ' ',
    '\0',
    '\ud800',
    '443',
    '.test',
  );
  const like = fc.tuple(fc.constantFrom('https://', 'http:', 'javascript:', '//', ''), fc.array(piece, { maxLength: 12 }));
  const urls = fc.oneof(
    anyString(),
    fc.domain().map((host) => `https://${host}/oauth2/token`),
    like.map(([scheme, rest]) => scheme + rest.join('')),
  );
  fc.assert(fc.property(urls, (written) => typeof namesRequest(written, url) === 'boolean'));
});
