import { claimsOf, client, exchange, FakeSealingKeys, protocolFakes, secret, testIssuer } from '@authority/testing/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAccessToken } from './access-token.ts';
import { openAccessToken, sealAccessToken } from './opaque-access-token.ts';

const fakes = protocolFakes();
const claims = { iss: testIssuer, sub: 'app', aud: testIssuer, client_id: 'app', scope: 'a', jti: 'cc.x', iat: 1, exp: 2 };

test('RFC 6749 §1.4: an opaque access token says to this server what the JWT would say, and nothing to anybody else', () => {
  const token = sealAccessToken(claims, fakes);
  expect(token).toMatch(/^aa1_[\w-]+$/);
  expect(Buffer.from(token.slice(4), 'base64url').toString('latin1')).not.toContain('client_id');
  expect(readAccessToken(token, fakes)).toEqual(claims);
});

test('house.md, "Keys": each token has a key of its own', () => {
  expect(sealAccessToken(claims, fakes)).not.toBe(sealAccessToken(claims, fakes));
});

test('RFC 8725 §3.11: whatever is changed in it, it is no token, and says no more than that', () => {
  const token = sealAccessToken(claims, fakes);
  for (let at = 0; at < token.length; at += 1) {
    const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
    expect(readAccessToken(changed, fakes)).toBeUndefined();
  }
  for (const other of [`${token}A`, `${token}=`, token.slice(0, -1), token.slice(4), `aa1_${token}`, 'aa1_', `aa1_${'A'.repeat(9000)}`]) {
    expect(readAccessToken(other, fakes)).toBeUndefined();
  }
});

test('RFC 8725 §3.11: any other text is no token', () => {
  fc.assert(fc.property(fc.base64String({ maxLength: 300 }), (any) => openAccessToken(`aa1_${any}`, fakes) === undefined));
});

test('house.md, "Keys": the token of another issuer, or under a key that is gone, is no token', () => {
  const elsewhere = sealAccessToken(claims, { ...fakes, issuer: 'https://other.example.test' });
  expect(openAccessToken(elsewhere, fakes)).toBeUndefined();
  const token = sealAccessToken(claims, fakes);
  const sealingKeys = new FakeSealingKeys();
  sealingKeys.keys.clear();
  expect(openAccessToken(token, { ...fakes, sealingKeys })).toBeUndefined();
});

test('house.md, "Keys": after a rotation the tokens before stay good', () => {
  const sealingKeys = new FakeSealingKeys();
  const token = sealAccessToken(claims, { ...fakes, sealingKeys });
  sealingKeys.keys.set('seal-2', 'the second key');
  sealingKeys.keyId = 'seal-2';
  expect(openAccessToken(token, { ...fakes, sealingKeys })).toMatchObject({ jti: 'cc.x' });
  expect(openAccessToken(sealAccessToken(claims, { ...fakes, sealingKeys }), { ...fakes, sealingKeys })).toMatchObject({ jti: 'cc.x' });
});

test('RFC 6749 §1.4: it is no longer than a JWT by RS256, and begins with what scanners for secrets know', async () => {
  const api = 'https://api.example.test';
  const one = protocolFakes();
  one.clients.add(client({ allowedResources: [api] }), secret);
  one.resources.add(api, { accessTokenSigningAlg: 'RS256' });
  const jwt = (await exchange(one, { grant_type: 'client_credentials', resource: api })).access_token;
  one.resources.add(api, { accessTokenFormat: 'opaque' });
  const opaque = (await exchange(one, { grant_type: 'client_credentials', resource: api })).access_token;
  expect(opaque.startsWith('aa1_')).toBe(true);
  expect(opaque.length).toBeLessThan(jwt.length);
  expect(claimsOf(jwt)).toMatchObject({ aud: api });
});
