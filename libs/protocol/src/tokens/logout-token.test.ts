import { client, protocolFakes, testIssuer } from '@authority/testing/protocol';
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

test('Back-Channel Logout §2.4: a Logout Token has these claims, and no nonce', () => {
  const { fakes, make } = setup();
  const [header, claims] = partsOf(make());
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

test('Back-Channel Logout §2.4: every attempt has a jti of its own', () => {
  const { make } = setup();
  expect(partsOf(make())[1].jti).not.toBe(partsOf(make())[1].jti);
});

test('Back-Channel Logout §4, RFC 8725 §3.11: a Logout Token passes for no other token of ours', () => {
  const { fakes, make } = setup();
  const token = make();
  expect(readAccessToken(token, fakes)).toBeUndefined();
  expect(readIdTokenHint(token, fakes.signingKeys, testIssuer)).toBeUndefined();
});
