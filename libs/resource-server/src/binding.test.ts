import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import { audience, FakeServer, issuer } from './fake-server.ts';
import { createGuard } from './guard.ts';
import type { GuardOptions } from './options.ts';

let server: FakeServer;
let key: CryptoKey;
let jwk: JWK;
let token: string;
beforeEach(async () => {
  server = await FakeServer.start();
  ({ key, jwk } = await newKey());
  token = await server.token({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
});

async function newKey(): Promise<{ key: CryptoKey; jwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return { key: privateKey, jwk: await exportJWK(publicKey) };
}

const guardWith = (changes: Partial<GuardOptions> = {}) =>
  createGuard({ issuer, audience, revocation: false, fetch: server.fetch, ...changes });

const athOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

function proof(changes: JWTPayload = {}, header: Record<string, unknown> = {}, by = key): Promise<string> {
  const claims = { htm: 'GET', htu: 'https://api.example.test/orders', jti: crypto.randomUUID(), iat: Math.floor(Date.now() / 1000) };
  return new SignJWT({ ...claims, ath: athOf(token), ...changes })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(by);
}

const request = (dpop: string | undefined, scheme = 'DPoP', presented = token) => ({
  method: 'GET',
  url: '/orders?page=2',
  headers: { authorization: `${scheme} ${presented}`, ...(dpop !== undefined && { dpop }) },
});

describe('RFC 9449 §7.1: a token that is bound to a key', () => {
  test('is taken with a proof by that key, for this request', async () => {
    await expect(guardWith().verify(request(await proof()))).resolves.toMatchObject({ sub: 'ann' });
  });

  const wrong: readonly (readonly [string, () => Promise<string | undefined>])[] = [
    ['no proof', async () => undefined],
    ['two proofs', async () => `${await proof()}, ${await proof()}`],
    [
      'a proof by another key',
      async () => {
        const other = await newKey();
        return proof({}, { jwk: other.jwk }, other.key);
      },
    ],
    ['another key in the header', async () => proof({}, { jwk: (await newKey()).jwk })],
    ['a private key in the header', async () => proof({}, { jwk: await exportJWK(key) })],
    ['another type', () => proof({}, { typ: 'JWT' })],
    ['another method', () => proof({ htm: 'POST' })],
    ['another address', () => proof({ htu: 'https://other.example.test/orders' })],
    ['another path', () => proof({ htu: 'https://api.example.test/orders/1' })],
    ['another token’s hash', () => proof({ ath: athOf('other') })],
    ['no hash', () => proof({ ath: undefined })],
    ['no jti', () => proof({ jti: undefined as never })],
    ['an old time', () => proof({ iat: Math.floor(Date.now() / 1000) - 600 })],
    ['a time to come', () => proof({ iat: Math.floor(Date.now() / 1000) + 600 })],
  ];
  test.each(wrong)('with %s is invalid_dpop_proof', async (_what, make) => {
    await expect(guardWith().verify(request(await make()))).rejects.toMatchObject({ status: 401, error: 'invalid_dpop_proof' });
  });

  test('RFC 9449 §11.1: a proof counts once', async () => {
    const guard = guardWith();
    const once = await proof();
    await guard.verify(request(once));
    await expect(guard.verify(request(once))).rejects.toMatchObject({
      error: 'invalid_dpop_proof',
      description: expect.stringContaining('used'),
    });
  });

  test('RFC 9449 §7.2: is worth nothing as a Bearer token', async () => {
    await expect(guardWith().verify(request(await proof(), 'Bearer'))).rejects.toMatchObject({ status: 401, error: 'invalid_token' });
  });

  test('RFC 9449 §4.3: htu is compared without query, by what clients call', async () => {
    const guard = guardWith({ publicUrl: 'https://edge.example.test/api/' });
    const made = await proof({ htu: 'https://EDGE.example.test:443/api/orders?x=1#y' });
    await expect(guard.verify(request(made))).resolves.toMatchObject({ sub: 'ann' });
  });
});

test('RFC 9449 §7.1: a token without a key is no DPoP token, and none at all where the API needs one', async () => {
  const plain = await server.token();
  const made = await proof({ ath: athOf(plain) });
  await expect(guardWith().verify(request(made, 'DPoP', plain))).rejects.toMatchObject({ error: 'invalid_token' });
  const strict = guardWith({ dpop: { required: true } });
  await expect(strict.verify(request(undefined, 'Bearer', plain))).rejects.toMatchObject({ error: 'invalid_token' });
  await expect(strict.verify({ method: 'GET', url: '/', headers: {} })).rejects.toMatchObject({
    headers: { 'www-authenticate': [expect.stringMatching(/^DPoP .*algs="ES256/)] },
  });
});

test('RFC 9449 §9: where the API wants a nonce, it gives one with the refusal', async () => {
  const guard = guardWith({ dpop: { nonceSecret: new Uint8Array(32).fill(1) } });
  const refusal = await guard.verify(request(await proof())).catch((error) => error);
  expect(refusal).toMatchObject({ status: 401, error: 'use_dpop_nonce' });
  const nonce = refusal.headers['dpop-nonce'];
  await expect(guard.verify(request(await proof({ nonce })))).resolves.toMatchObject({ sub: 'ann' });
  await expect(guard.verify(request(await proof({ nonce: 'x' })))).rejects.toMatchObject({ error: 'use_dpop_nonce' });
});

test('RFC 8705 §3: a token that is bound to a certificate needs that one', async () => {
  const certificate = Buffer.from('certificate');
  const thumbprint = createHash('sha256').update(certificate).digest('base64url');
  const bound = await server.token({ cnf: { 'x5t#S256': thumbprint } });
  const shown = (found: Uint8Array | undefined) =>
    guardWith({ clientCertificate: () => found }).verify(request(undefined, 'Bearer', bound));
  await expect(shown(certificate)).resolves.toMatchObject({ sub: 'ann' });
  await expect(shown(Buffer.from('another'))).rejects.toMatchObject({ error: 'invalid_token' });
  await expect(shown(undefined)).rejects.toMatchObject({ error: 'invalid_token' });
  await expect(guardWith().verify(request(undefined, 'Bearer', bound))).rejects.toMatchObject({ error: 'invalid_token' });
});
