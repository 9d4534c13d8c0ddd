import { FakeRefreshTokenMac, testIssuer } from '@authority/testing/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatRefreshToken, partitionOf, readRefreshToken } from './refresh-token.ts';

const ports = { issuer: testIssuer, refreshTokenMac: new FakeRefreshTokenMac() };
const parts = { keyId: 'mac-1', partition: 20_454, handle: new Uint8Array(16).fill(7), generation: 3 };

test('house.md: a refresh token comes back as its parts', () => {
  const uint32 = fc.nat(0xffffffff);
  fc.assert(
    fc.property(uint32, uint32, fc.uint8Array({ minLength: 16, maxLength: 16 }), (partition, generation, handle) => {
      const all = { keyId: 'mac-1', partition, generation, handle };
      expect(readRefreshToken(formatRefreshToken(all, ports), ports)).toEqual({ ...all, handle: new Uint8Array(handle) });
    }),
  );
});

test('house.md: one changed character makes a refresh token malformed', () => {
  const token = formatRefreshToken(parts, ports);
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom('A', 'z', '0', '-', '_', '=', '\0'), (at, other) => {
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      expect(['malformed', 'key_unknown'].includes(String(readRefreshToken(changed, ports)))).toBe(changed !== token);
    }),
  );
});

test('house.md: the MAC covers the issuer', () => {
  const elsewhere = { ...ports, issuer: 'https://other.example.test' };
  expect(readRefreshToken(formatRefreshToken(parts, elsewhere), ports)).toBe('malformed');
});

test('house.md: no text makes the reader throw', () => {
  fc.assert(fc.property(fc.base64String({ maxLength: 200 }), (any) => typeof readRefreshToken(`ar1_${any}`, ports) === 'string'));
});

test('house.md: the key is named in the token, so that keys can be rotated', () => {
  const refreshTokenMac = new FakeRefreshTokenMac();
  refreshTokenMac.keys.set('mac-2', 'the second key');
  const token = formatRefreshToken({ ...parts, keyId: 'mac-2' }, { ...ports, refreshTokenMac });
  expect(readRefreshToken(token, { ...ports, refreshTokenMac })).toMatchObject({ keyId: 'mac-2' });
  expect(readRefreshToken(token, ports)).toBe('key_unknown');
});

test('house.md: what can’t be a token is a fault of ours, not of the client', () => {
  expect(() => formatRefreshToken({ ...parts, keyId: 'gone' }, ports)).toThrow('the MAC key gone of a live grant is gone');
  expect(() => formatRefreshToken({ ...parts, handle: new Uint8Array(4) }, ports)).toThrow('malformed');
  expect(partitionOf(1_767_225_600_000)).toBe(20_454);
});
