import { setLogSink } from '@authority/telemetry';
import { expect, test } from 'vitest';
import { defaultName, readName } from './name.ts';
import { isDomain, isOrigin, relyingParty } from './relying-party.ts';

const idOf = (issuer: string, id = '') => relyingParty(issuer, { id, origins: [] })?.id;

test('WebAuthn §5.1.2: the RP ID is the issuer’s host or a domain above it, and nothing else', () => {
  const lines: string[] = [];
  const stop = setLogSink((line) => void lines.push(line));
  expect(relyingParty('https://id.example.com:8443/tenant', { id: '', origins: ['https://app.example.com'] })).toEqual({
    id: 'id.example.com',
    name: 'id.example.com:8443',
    origins: ['https://id.example.com:8443', 'https://app.example.com'],
  });
  expect(idOf('https://id.example.com', 'example.com')).toBe('example.com');
  for (const foreign of ['com', 'evil.test', 'ample.com', 'x.id.example.com'])
    expect(idOf('https://id.example.com', foreign)).toBeUndefined();
  stop();
  expect(lines.join()).toContain('passkey.rp_id_foreign');
});

test('WebAuthn §5.1.3: there are no passkeys at an IP address, and none without https but at localhost', () => {
  expect(idOf('http://localhost:8080')).toBe('localhost');
  for (const issuer of ['https://192.0.2.1', 'https://[2001:db8::1]', 'http://id.example.com']) expect(idOf(issuer)).toBeUndefined();
});

test('an origin is one of the web without path, or an app of Android', () => {
  for (const word of ['https://app.example.com', 'http://localhost:3000', `android:apk-key-hash:${'a'.repeat(43)}`]) {
    expect(isOrigin(word), word).toBe(true);
  }
  for (const word of [
    'https://app.example.com/',
    'http://app.example.com',
    'null',
    '*',
    'https://*',
    'android:apk-key-hash:x',
    'file:///x',
  ]) {
    expect(isOrigin(word), word).toBe(false);
  }
  expect([isDomain('example.com'), isDomain('Example.com'), isDomain('a b'), isDomain('')]).toEqual([true, false, false, false]);
});

test('a passkey is named by its maker, else by its browser, until its owner names it', () => {
  expect(defaultName('fbfc3007-154e-4ecc-8c0b-6e020557d7bd', '')).toBe('Apple Passwords');
  expect(defaultName('00000000-0000-0000-0000-000000000000', 'Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1')).toBe('Safari, iPhone');
  expect(defaultName('00000000-0000-0000-0000-000000000000', '<script>')).toBe('Passkey');
  expect([readName('  My key '), readName(''), readName('a\u202eb'), readName('x'.repeat(65))]).toEqual([
    'My key',
    undefined,
    undefined,
    undefined,
  ]);
});
