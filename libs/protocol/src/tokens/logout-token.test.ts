import { createPrivateKey, createPublicKey } from 'node:crypto';
import { client, protocolFakes, testIssuer, testKeys } from '@authority/testing/protocol';
import { compactDecrypt } from 'jose';
import { expect, test } from 'vitest';
import { readAccessToken } from './access-token.ts';
import { readIdTokenHint } from './id-token.ts';
import { makeLogoutToken } from './logout-token.ts';

const partsOf = (jws: string) =>
  jws
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));

function setup() {
  const fakes = protocolFakes();
  const ended = { client: client({ id_token_signed_response_alg: 'ES256' }), sub: 'ann', sid: 's_1' };
  return { fakes, ended, make: () => makeLogoutToken(ended, fakes, fakes.clock.now) };
}

test('Back-Channel Logout §2.4: a Logout Token has these claims, and no nonce', async () => {
  const { fakes, make } = setup();
  const [header, claims] = partsOf(await make());
  const iat = fakes.clock.now / 1000;
  expect(header).toEqual({ alg: 'ES256', typ: 'logout+jwt', kid: 'test-ES256' });
  expect(claims).toEqual({
    iss: testIssuer,
    sub: 'ann',
    aud: 'app',
    iat,
    exp: iat + 120,
    jti: expect.stringMatching(/^[\w-]{22}$/),
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    sid: 's_1',
  });
});

test('Back-Channel Logout §2.4: every attempt has a jti of its own', async () => {
  const { make } = setup();
  expect(partsOf(await make())[1].jti).not.toBe(partsOf(await make())[1].jti);
});

test('Back-Channel Logout §4, RFC 8725 §3.11: a Logout Token passes for no other token of ours', async () => {
  const { fakes, make } = setup();
  const token = await make();
  expect(readAccessToken(token, fakes)).toBeUndefined();
  expect(readIdTokenHint(token, fakes.signingKeys, testIssuer)).toBeUndefined();
});

test('Back-Channel Logout §2.4: encrypted for a client whose ID Tokens are, and none without a key', async () => {
  const { fakes, ended } = setup();
  const rsa = createPrivateKey({ key: { ...testKeys.clientRS256 }, format: 'jwk' });
  const jwks = { keys: [{ ...createPublicKey(rsa).export({ format: 'jwk' }), use: 'enc' }] };
  const encrypted = client({ jwks, id_token_encrypted_response_alg: 'RSA-OAEP-256', id_token_encrypted_response_enc: 'A256GCM' });
  const { plaintext } = await compactDecrypt(await makeLogoutToken({ ...ended, client: encrypted }, fakes, fakes.clock.now), rsa);
  expect(partsOf(new TextDecoder().decode(plaintext))[0]).toMatchObject({ typ: 'logout+jwt' });
  const keyless = makeLogoutToken({ ...ended, client: { ...encrypted, jwks: { keys: [] } } }, fakes, fakes.clock.now);
  await expect(keyless).rejects.toMatchObject({ error: expect.any(String) });
});
