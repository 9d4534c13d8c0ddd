import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RingDpopNonces } from './dpop-nonces.ts';
import { KeyRing } from './key-ring.ts';

const key = (key_id: string, activateAt = 0) => ({ key_id, use: 'mac' as const, alg: 'HS256', activateAt, secret: randomBytes(32) });
const now = 1_767_225_600_123;

test('RFC 9449 §8: a nonce says when it was made, to every replica with the key, also after the key was replaced', () => {
  const [first, second] = [new KeyRing(), new KeyRing()];
  const shared = key('k_shared');
  for (const ring of [first, second]) ring.replace([shared], []);
  const nonce = new RingDpopNonces(first).make(now);
  second.replace([key('k_newer', 1)], []);
  expect(new RingDpopNonces(second).issuedAt(nonce)).toBe(now);
  // RFC 9449 §8.1: NQCHAR.
  expect(nonce).toMatch(/^[A-Za-z0-9_-]+$/);
});

test('RFC 9449 §8: what was changed, made up, or made under another key is no nonce', () => {
  const [ring, other] = [new KeyRing(), new KeyRing()];
  ring.replace([key('k_one')], []);
  other.replace([key('k_one')], []);
  const nonces = new RingDpopNonces(ring);
  const nonce = nonces.make(now);
  expect(new RingDpopNonces(other).issuedAt(nonce)).toBeUndefined();
  const bytes = Buffer.from(nonce, 'base64url');
  for (const place of bytes.keys()) {
    const changed = Buffer.from(bytes);
    changed[place] = (changed[place] ?? 0) ^ 1;
    expect(nonces.issuedAt(changed.toString('base64url')), String(place)).toBeUndefined();
  }
  fc.assert(fc.property(fc.string(), (text) => nonces.issuedAt(text) === undefined));
  ring.replace([{ ...key('k_two'), use: 'sealing' }], ['k_one']);
  expect(nonces.issuedAt(nonce)).toBeUndefined();
});
