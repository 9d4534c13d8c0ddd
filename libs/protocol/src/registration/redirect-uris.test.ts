import { expect, test } from 'vitest';
import { Metadata } from './metadata.ts';
import { readRedirectUris } from './redirect-uris.ts';

const read = (uri: string, type: 'web' | 'native', grantType: string) =>
  readRedirectUris(new Metadata({ redirect_uris: [uri] }), type, [grantType]);

test('OpenID Connect Registration §2: the implicit grant type of a web client needs https, and not localhost', () => {
  for (const uri of ['http://127.0.0.1:8080/cb', 'http://localhost/cb', 'https://localhost/cb', 'https://localhost:8443/cb']) {
    expect(() => read(uri, 'web', 'implicit')).toThrow(expect.objectContaining({ error: 'invalid_redirect_uri' }));
    expect(read(uri, 'web', 'authorization_code')).toEqual([uri]);
  }
  expect(read('https://app.example.test/cb', 'web', 'implicit')).toEqual(['https://app.example.test/cb']);
  expect(read('http://127.0.0.1:8080/cb', 'native', 'implicit')).toEqual(['http://127.0.0.1:8080/cb']);
});

test('RFC 7591 §2: every flow that redirects needs a redirect URI', () => {
  for (const grantType of ['authorization_code', 'implicit']) {
    expect(() => readRedirectUris(new Metadata({}), 'web', [grantType])).toThrow(
      expect.objectContaining({ error: 'invalid_redirect_uri' }),
    );
  }
  expect(readRedirectUris(new Metadata({}), 'web', ['client_credentials'])).toEqual([]);
});
