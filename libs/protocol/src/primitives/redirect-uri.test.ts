import { client, publicClient } from '@authority/testing/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRegistered, originOf, provesClient, redirectUriFault } from './redirect-uri.ts';

test.each([
  'https://app.example.test',
  'https://app.example.test/',
  'https://app.example.test/callback?tenant=a%20b',
  'https://app.example.test:8443/callback',
  'https://app.example.test:443/callback',
  'https://[2001:db8::1]/callback',
  'http://127.0.0.1/callback',
  'http://127.0.0.1:8080/callback',
  'http://[::1]:8080/callback',
  'http://localhost:3000/callback',
])('RFC 6749 §3.1.2: %s can be registered', (uri) => {
  expect(redirectUriFault(uri, 'web')).toBeUndefined();
});

test.each([
  'http://app.example.test/callback',
  'http://127.0.0.1.example.test/callback',
  'http://localhost.example.test/callback',
  'http://127.0.0.2/callback',
  'http://127.1/callback',
  'http://0x7f.0.0.1/callback',
  'http://2130706433/callback',
  'http://[::ffff:127.0.0.1]/callback',
  'http://[0:0:0:0:0:0:0:1]/callback',
  'http://localhost./callback',
  'https://app.example.test./callback',
  'https://APP.example.test/callback',
  'https://app.example.test/callback#',
  'https://app.example.test/callback#fragment',
  'https://user@app.example.test/callback',
  'https://user:password@app.example.test/callback',
  'https://@app.example.test/callback',
  'https://*.example.test/callback',
  'https://app.example.test/*',
  'https://app.example.test/a/../callback',
  'https://app.example.test/%2e%2E/callback',
  'https://app.example.test\\@evil.example.test/',
  'https://app.example.test/call back',
  'https://app.example.test/call\nback',
  'https://app.example.test/%zz',
  'https://äpp.example.test/callback',
  'https:///callback',
  'https:app.example.test/callback',
  'app.example.test/callback',
  '/callback',
  '',
  'javascript:alert(1)',
  'data:text/html,x',
  'ftp://app.example.test/',
  'myapp:/callback',
  'com.example.app:/callback',
  `https://app.example.test/${'x'.repeat(2048)}`,
])('RFC 9700 §2.1: %j cannot be registered by a web client', (uri) => {
  expect(redirectUriFault(uri, 'web')).toBeTypeOf('string');
});

test.each([';sandbox', ',b', "'b", '!b', '$b', '&b', '(b)', '=b', '+b', '~b'])(
  'RFC 9110 §4.2: https://a%s/ names no host, and means something else in a header',
  (rest) => {
    expect(redirectUriFault(`https://a${rest}/cb`, 'web')).toBeDefined();
    expect(redirectUriFault(`https://app.example.test/a${rest}?b${rest}`, 'web')).toBeUndefined();
  },
);

test('RFC 8252 §7.1: a native client may register a private-use scheme with a dot', () => {
  for (const uri of ['com.example.app:/callback', 'com.example.app://callback']) expect(redirectUriFault(uri, 'native')).toBeUndefined();
  for (const uri of ['myapp:/callback', 'javascript:/x', 'com.example.app://a@b', 'com.example.app:/#x', 'com.example.app:/*']) {
    expect(redirectUriFault(uri, 'native')).toBeTypeOf('string');
  }
});

test('RFC 8252 §7.3: the port of a loopback redirect of a native app may differ, nothing else', () => {
  const native = publicClient({
    application_type: 'native',
    redirect_uris: ['http://127.0.0.1/cb?x=1', 'http://[::1]:4000/cb', 'http://localhost/cb'],
  });
  for (const uri of [
    'http://127.0.0.1:1/cb?x=1',
    'http://127.0.0.1:65535/cb?x=1',
    'http://[::1]/cb',
    'http://[::1]:9/cb',
    'http://localhost:81/cb',
  ]) {
    expect(isRegistered(native, uri)).toBe(true);
  }
  const foreign = [
    'http://127.0.0.1:65536/cb?x=1',
    'http://127.0.0.1:80/cb',
    'http://127.0.0.1:80/cb/?x=1',
    'http://127.0.0.1:80@evil.example.test/cb?x=1',
    'http://127.0.0.1:80\\@evil.example.test/cb?x=1',
    'http://127.0.0.1.evil.example.test:80/cb?x=1',
    'http://127.0.0.2:80/cb?x=1',
    'http://localhost:80/cb?x=1',
    'https://127.0.0.1:80/cb?x=1',
    'http://[::1]:9/CB',
    'http://[0:0:0:0:0:0:0:1]:9/cb',
    'http://[::ffff:127.0.0.1]:9/cb',
    'http://127.0.0.1:/cb?x=1',
    'HTTP://127.0.0.1:9/cb?x=1',
  ];
  for (const uri of foreign) expect(isRegistered(native, uri)).toBe(false);
});

test('RFC 9700 §2.1: for a confidential web client the port is compared as well, and localhost for every web client', () => {
  const redirect_uris = ['http://127.0.0.1:3000/cb', 'http://localhost:3000/cb'];
  const confidential = client({ redirect_uris });
  expect(isRegistered(confidential, 'http://127.0.0.1:3000/cb')).toBe(true);
  expect(isRegistered(confidential, 'http://127.0.0.1:3001/cb')).toBe(false);
  expect(isRegistered(publicClient({ redirect_uris }), 'http://127.0.0.1:3001/cb')).toBe(true);
  expect(isRegistered(publicClient({ redirect_uris }), 'http://localhost:3001/cb')).toBe(false);
});

test('RFC 8252 §8.6: a loopback port and a private-use scheme do not prove a public client', () => {
  expect(provesClient(publicClient(), 'https://app.example.test/cb')).toBe(true);
  expect(provesClient(publicClient(), 'http://127.0.0.1/cb')).toBe(false);
  expect(provesClient(publicClient(), 'com.example.app:/cb')).toBe(false);
  expect(provesClient(client(), 'http://127.0.0.1/cb')).toBe(true);
});

test('CSP §6.4.2: form-action gets an origin, or the scheme of a private-use one', () => {
  expect(originOf('https://app.example.test:8443/cb?x')).toBe('https://app.example.test:8443');
  expect(originOf('http://127.0.0.1:53211/cb')).toBe('http://127.0.0.1:53211');
  expect(originOf('com.example.app:/cb')).toBe('com.example.app:');
});

test('RFC 9700 §2.1: only the registered text matches, whatever is made of it', () => {
  const registered = 'https://app.example.test/callback';
  const one = client({ redirect_uris: [registered] });
  fc.assert(
    fc.property(fc.nat(registered.length), fc.string({ maxLength: 3 }), fc.nat(2), (at, inserted, cut) => {
      const changed = registered.slice(0, at) + inserted + registered.slice(at + cut);
      expect(isRegistered(one, changed)).toBe(changed === registered);
    }),
  );
});

test('RFC 9700 §2.1: what can be registered means the same place to a browser', () => {
  const piece = fc.constantFrom(
    'a',
    '.',
    '..',
    '%2e',
    '/',
    '\\',
    '@',
    ':',
    '?',
    '#',
    '*',
    '[::1]',
    '127.0.0.1',
    'app.test',
    '%00',
    ' ',
    'é',
    ';',
    '//',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const uri = `https://${pieces.join('')}`;
      if (redirectUriFault(uri, 'web') !== undefined) return;
      const { href, username, hash } = new URL(uri);
      expect({ username, hash }).toEqual({ username: '', hash: '' });
      expect([uri, `${uri}/`, uri.replace('?', '/?')].some((text) => href === text || href === text.replace(':443', ''))).toBe(true);
    }),
    { numRuns: 500 },
  );
});
