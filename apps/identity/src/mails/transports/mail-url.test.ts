import { expect, test } from 'vitest';
import { parseMailUrl } from './mail-url.ts';

test('RFC 8314 §3.3: smtps is TLS at once, on port 465', () => {
  const server = { host: 'mail.example', port: 465, tls: 'implicit', user: 'mira@example.com', password: 'p@ss:word' };
  expect(parseMailUrl('smtps://mira%40example.com:p%40ss%3Aword@mail.example')).toEqual(server);
});

test('RFC 3207: smtp is STARTTLS, and nothing without it', () => {
  expect(parseMailUrl('smtp://mail.example')).toEqual({ host: 'mail.example', port: 587, tls: 'starttls' });
  expect(parseMailUrl('smtp://mail.example:25?starttls=off')).toEqual({ host: 'mail.example', port: 25, tls: 'none' });
  expect(parseMailUrl('smtp://[::1]:2525')).toEqual({ host: '::1', port: 2525, tls: 'none' });
});

test.each([
  ['http://mail.example', 'must begin with smtp:// or smtps://'],
  ['mail.example', 'must be a URL'],
  ['smtp:///x', 'must be a host and no path'],
  ['smtp://mail.example/inbox', 'must be a host and no path'],
  ['smtp://mail.example?rejectUnauthorized=false', 'may have the parameter starttls and no other'],
  ['smtp://mail.example?starttls=maybe', 'has a parameter starttls that is not off'],
  ['smtps://mail.example?starttls=off', 'is smtps: it has no STARTTLS to turn off'],
  ['smtp://mira:secret@mail.example?starttls=off', 'would send its password without TLS'],
  ['smtp://:secret@mail.example', 'has a password and no user name'],
  ['smtp://%zz@mail.example', 'has a user name or password whose percent-encoding is wrong'],
])('AUTHORITY_MAIL_URL: %s %s', (text, why) => {
  expect(() => parseMailUrl(text)).toThrow(why);
  expect(() => parseMailUrl(text)).not.toThrow('secret');
});
