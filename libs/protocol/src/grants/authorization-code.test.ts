import {
  basic,
  claimsOf,
  client,
  codeRequest,
  endpointRequest,
  exchange,
  obtainCode,
  obtainTokens,
  protocolFakes,
  publicClient,
  secret,
  signIn,
  testIssuer,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createIntrospectionEndpoint } from '../endpoints/introspection.ts';

const api = 'https://api.example.test';

function setup(changes = {}) {
  const fakes = protocolFakes();
  fakes.clients.add(client(changes), secret);
  fakes.clients.add(client({ client_id: 'other' }), 'other secret');
  fakes.clients.add(client({ client_id: 'api', resourceIdentifier: api }), secret);
  return fakes;
}

async function isActive(fakes: ReturnType<typeof setup>, token: string): Promise<unknown> {
  const answer = await createIntrospectionEndpoint(fakes).introspect(endpointRequest({ token }, basic('app', secret)), fakes.clock.now);
  return answer['active'];
}

test('RFC 6749 §4.1.3: a code gives tokens once', async () => {
  const fakes = setup();
  const { access_token } = await exchange(fakes, codeRequest(await obtainCode(fakes)));
  expect(await isActive(fakes, access_token)).toBe(true);
});

test('RFC 6749 §4.1.2: a code used twice is invalid_grant, and what was issued from it ends', async () => {
  const fakes = setup();
  const code = await obtainCode(fakes, { scope: 'openid offline_access' });
  const { access_token, refresh_token } = await exchange(fakes, codeRequest(code));
  await expect(exchange(fakes, codeRequest(code))).rejects.toMatchObject({ error: 'invalid_grant', reason: 'code_replayed' });
  expect(await isActive(fakes, access_token)).toBe(false);
  expect(await isActive(fakes, refresh_token)).toBe(false);
  expect(fakes.grants.rows[0]?.revoked).toBe('code_replayed');
});

test('RFC 6749 §4.1.2: of 64 redemptions at once one wins, and nothing of it stays', async () => {
  const fakes = setup();
  const code = await obtainCode(fakes);
  const results = await Promise.allSettled(Array.from({ length: 64 }, () => exchange(fakes, codeRequest(code))));
  const won = results.filter((result) => result.status === 'fulfilled');
  expect(won).toHaveLength(1);
  expect(await isActive(fakes, won[0]?.value.access_token ?? '')).toBe(false);
});

test('RFC 6749 §4.1.2: an expired code is invalid_grant; one that was used before it expired is a replay all the same', async () => {
  const fakes = setup();
  const [unused, used] = [await obtainCode(fakes), await obtainCode(fakes)];
  await exchange(fakes, codeRequest(used));
  fakes.clock.advance(60_000);
  await expect(exchange(fakes, codeRequest(unused))).rejects.toMatchObject({ error: 'invalid_grant', reason: 'code_expired' });
  await expect(exchange(fakes, codeRequest(used))).rejects.toMatchObject({ error: 'invalid_grant', reason: 'code_replayed' });
});

test('house.md: a code whose session has come to its end is invalid_grant', async () => {
  const fakes = setup();
  const code = await obtainCode(fakes, {}, signIn(fakes, { expiresAt: fakes.clock.now + 10_000 }));
  fakes.clock.advance(10_000);
  await expect(exchange(fakes, codeRequest(code))).rejects.toMatchObject({ error: 'invalid_grant', reason: 'grant_expired' });
});

test('RFC 6749 §5.2: a code of another client is invalid_grant and stays usable', async () => {
  const fakes = setup();
  const code = await obtainCode(fakes);
  const stolen = exchange(fakes, codeRequest(code), basic('other', 'other secret'));
  await expect(stolen).rejects.toMatchObject({ error: 'invalid_grant', reason: 'code_of_other_client' });
  await expect(exchange(fakes, codeRequest(code))).resolves.toMatchObject({ token_type: 'Bearer' });
});

test.each([
  ['another', 'https://app.example.test/callback2', 'invalid_grant', 'redirect_uri_changed'],
  ['one in another spelling', 'https://app.example.test/%63allback', 'invalid_grant', 'redirect_uri_changed'],
  ['none', undefined, 'invalid_request', 'parameter_missing'],
])('RFC 6749 §4.1.3: %s redirect_uri than in the authorization request is refused', async (_what, redirect_uri, error, reason) => {
  const fakes = setup();
  const code = await obtainCode(fakes);
  await expect(exchange(fakes, codeRequest(code, { redirect_uri }))).rejects.toMatchObject({ error, reason });
});

test('RFC 6749 §4.1.3: without redirect_uri in the authorization request the exchange needs none', async () => {
  const fakes = setup();
  const code = await obtainCode(fakes, { redirect_uri: undefined, scope: 'orders.read' });
  await expect(exchange(fakes, codeRequest(code, { redirect_uri: undefined }))).resolves.toMatchObject({ scope: 'orders.read' });
});

test.each([
  ['wrong', 'another-verifier-with-more-than-forty-three-chars', 'code_verifier_wrong'],
  ['malformed', 'short', 'code_verifier_malformed'],
  ['missing', undefined, 'code_verifier_missing'],
])('RFC 7636 §4.6: a %s verifier is invalid_grant', async (_what, code_verifier, reason) => {
  const fakes = setup();
  const code = await obtainCode(fakes);
  await expect(exchange(fakes, codeRequest(code, { code_verifier }))).rejects.toMatchObject({ error: 'invalid_grant', reason });
  // Refused before the mark: the rightful client still gets its tokens.
  await expect(exchange(fakes, codeRequest(code))).resolves.toMatchObject({ token_type: 'Bearer' });
});

test('RFC 9700 §2.1.1: a verifier for a code without a challenge is invalid_grant', async () => {
  const fakes = setup({ pkceOptional: true });
  const code = await obtainCode(fakes, { code_challenge: undefined, code_challenge_method: undefined });
  await expect(exchange(fakes, codeRequest(code))).rejects.toMatchObject({ error: 'invalid_grant', reason: 'code_verifier_unexpected' });
  await expect(exchange(fakes, codeRequest(code, { code_verifier: undefined }))).resolves.toMatchObject({ token_type: 'Bearer' });
});

test.each(['subject_revoked', 'client_disabled', 'session_ended'] as const)(
  'house.md: a code after %s is invalid_grant',
  async (verdict) => {
    const fakes = setup();
    const code = await obtainCode(fakes);
    fakes.authorizationCodes.verdict = verdict;
    await expect(exchange(fakes, codeRequest(code))).rejects.toMatchObject({ error: 'invalid_grant', reason: verdict });
  },
);

test('RFC 6749 §5.2: what is no code of ours is invalid_grant, and no code at all is invalid_request', async () => {
  const fakes = setup();
  for (const code of ['x', 'x'.repeat(10_000), 'ar1_AAAA', (await obtainTokens(fakes)).access_token]) {
    await expect(exchange(fakes, codeRequest(code))).rejects.toMatchObject({ error: 'invalid_grant', reason: 'code_malformed' });
  }
  await expect(exchange(fakes, codeRequest(''))).rejects.toMatchObject({ error: 'invalid_request', reason: 'parameter_missing' });
});

test('RFC 6749 §3.2.1: a public client redeems its code with its client_id', async () => {
  const fakes = protocolFakes();
  fakes.clients.add(publicClient());
  const code = await obtainCode(fakes, { client_id: 'native' });
  await expect(exchange(fakes, codeRequest(code, { client_id: 'native' }), '')).resolves.toMatchObject({ token_type: 'Bearer' });
});

test('RFC 8707 §2.2: the exchange may narrow to a resource of the grant or to UserInfo, never widen', async () => {
  const fakes = setup({ allowedResources: [api], defaultResource: 'https://default.example.test' });
  fakes.clients.resources.add('https://default.example.test');
  const withResource = async (resource: string) => exchange(fakes, codeRequest(await obtainCode(fakes, { resource: api }), { resource }));
  expect(claimsOf((await withResource(api)).access_token)).toMatchObject({ aud: api });
  expect(claimsOf((await withResource(testIssuer)).access_token)).toMatchObject({ aud: testIssuer });
  await expect(withResource('https://default.example.test')).rejects.toMatchObject({
    error: 'invalid_target',
    reason: 'resource_exceeds_grant',
  });
});
