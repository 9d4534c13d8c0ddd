import {
  basic,
  claimsOf,
  client,
  codeRequest,
  exchange,
  obtainCode,
  obtainTokens,
  type Pairs,
  type ProtocolFakes,
  protocolFakes,
  publicClient,
  secret,
  signIn,
  testIssuer,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';

const api = 'https://api.example.test';
const native = { client_id: 'native', scope: 'openid offline_access orders.read' };

function setup(): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client({ allowedResources: [api] }), secret);
  fakes.clients.add(client({ client_id: 'other' }), 'other secret');
  fakes.clients.add(client({ client_id: 'api', resourceIdentifier: api }), secret);
  fakes.clients.add(publicClient());
  fakes.clients.add(publicClient({ client_id: 'native2' }));
  return fakes;
}

/** A refresh token of the public client, which rotates. */
async function rotating(fakes: ProtocolFakes): Promise<string> {
  const code = await obtainCode(fakes, native);
  return (await exchange(fakes, codeRequest(code, { client_id: 'native' }), '')).refresh_token;
}

const refresh = (fakes: ProtocolFakes, refresh_token: string, changes: Pairs = {}) =>
  exchange(fakes, { grant_type: 'refresh_token', refresh_token, client_id: 'native', ...changes }, '');

const refreshConfidential = (fakes: ProtocolFakes, refresh_token: string, changes: Pairs = {}, authorization = basic('app', secret)) =>
  exchange(fakes, { grant_type: 'refresh_token', refresh_token, ...changes }, authorization);

test('RFC 6749 §6: a refresh token gives a new access token', async () => {
  const fakes = setup();
  const first = await obtainTokens(fakes, { scope: 'openid offline_access orders.read' });
  fakes.clock.advance(1000);
  const second = await refreshConfidential(fakes, first.refresh_token);
  expect(second.access_token).not.toBe(first.access_token);
  expect(second.scope).toBe('openid offline_access orders.read');
  expect(claimsOf(second.access_token)).toMatchObject({ sub: claimsOf(first.access_token)['sub'] });
});

test('RFC 9700 §2.2.2: public clients rotate; confidential ones keep their token and cost no write', async () => {
  const fakes = setup();
  const token = await rotating(fakes);
  expect((await refresh(fakes, token)).refresh_token).not.toBe(token);
  expect(fakes.grants.steps).toBe(1);
  const { refresh_token } = await obtainTokens(fakes, { scope: 'openid offline_access' });
  expect((await refreshConfidential(fakes, refresh_token)).refresh_token).toBe(refresh_token);
  expect(fakes.grants.steps).toBe(1);
});

test('house.md: 100 refreshes of one rotating token at once answer the same successor, one step', async () => {
  const fakes = setup();
  const token = await rotating(fakes);
  const answers = await Promise.all(Array.from({ length: 100 }, () => refresh(fakes, token)));
  expect(new Set(answers.map(({ refresh_token }) => refresh_token)).size).toBe(1);
  expect(fakes.grants.steps).toBe(1);
});

test('RFC 9700 §4.14.2: the token before, after the grace window, revokes the family', async () => {
  const fakes = setup();
  const token = await rotating(fakes);
  const { refresh_token } = await refresh(fakes, token);
  fakes.clock.advance(10_001);
  await expect(refresh(fakes, token)).rejects.toMatchObject({ error: 'invalid_grant', reason: 'refresh_token_reused' });
  await expect(refresh(fakes, refresh_token)).rejects.toMatchObject({ error: 'invalid_grant', reason: 'grant_revoked' });
});

test('RFC 9700 §4.14.2: the token before, once its successor was used, revokes the family', async () => {
  const fakes = setup();
  const token = await rotating(fakes);
  const { refresh_token } = await refresh(fakes, token);
  await refresh(fakes, refresh_token);
  await expect(refresh(fakes, token)).rejects.toMatchObject({ reason: 'refresh_token_reused' });
});

test('RFC 9700 §4.14.2: a client that rotates no more still loses its family to an old token', async () => {
  const fakes = setup();
  const token = await rotating(fakes);
  await refresh(fakes, (await refresh(fakes, token)).refresh_token);
  fakes.clients.add(publicClient({ refreshTokenRotation: 'never' }));
  await expect(refresh(fakes, token)).rejects.toMatchObject({ reason: 'refresh_token_reused' });
  expect(fakes.grants.rows[0]?.revoked).toBe('refresh_token_reused');
});

test('RFC 6749 §10.4: an old token in the hands of another client revokes nothing', async () => {
  const fakes = setup();
  const token = await rotating(fakes);
  await refresh(fakes, (await refresh(fakes, token)).refresh_token);
  const foreign = refreshConfidential(fakes, token);
  await expect(foreign).rejects.toMatchObject({ error: 'invalid_grant', reason: 'refresh_token_of_other_client' });
  expect(fakes.grants.rows[0]?.revoked).toBeUndefined();
});

test('RFC 6749 §6: a scope or resource beyond the grant, or another client, neither steps nor revokes', async () => {
  const fakes = setup();
  const token = await rotating(fakes);
  const wide = refresh(fakes, token, { scope: 'openid orders.write' });
  await expect(wide).rejects.toMatchObject({ error: 'invalid_scope', reason: 'scope_exceeds_grant' });
  const foreign = refresh(fakes, token, { client_id: 'native2' });
  await expect(foreign).rejects.toMatchObject({ error: 'invalid_grant', reason: 'refresh_token_of_other_client' });
  expect(fakes.grants).toMatchObject({ steps: 0, rows: [{ revoked: undefined, generation: 0 }] });
});

test('RFC 6749 §10.4: a refresh token of another confidential client is invalid_grant', async () => {
  const fakes = setup();
  const { refresh_token } = await obtainTokens(fakes, { scope: 'openid offline_access' });
  const foreign = refreshConfidential(fakes, refresh_token, {}, basic('other', 'other secret'));
  await expect(foreign).rejects.toMatchObject({ error: 'invalid_grant', reason: 'refresh_token_of_other_client' });
});

test('RFC 6749 §6: a narrower scope is of this answer only', async () => {
  const fakes = setup();
  const { refresh_token } = await obtainTokens(fakes, { scope: 'openid offline_access orders.read' });
  const narrow = await refreshConfidential(fakes, refresh_token, { scope: 'orders.read' });
  expect(narrow).toMatchObject({ scope: 'orders.read', id_token: '' });
  expect(await refreshConfidential(fakes, refresh_token)).toMatchObject({ scope: 'openid offline_access orders.read' });
});

test('RFC 9700 §2.3: a scope that was taken from the client is not given again', async () => {
  const fakes = setup();
  const { refresh_token } = await obtainTokens(fakes, { scope: 'openid offline_access orders.read' });
  fakes.clients.add(client({ scopes: ['openid', 'offline_access'] }), secret);
  expect(await refreshConfidential(fakes, refresh_token)).toMatchObject({ scope: 'openid offline_access' });
});

test('RFC 8707 §2.2: the resource is one of the grant, or the issuer for OpenID grants', async () => {
  const fakes = setup();
  const { refresh_token } = await obtainTokens(fakes, { scope: 'openid offline_access', resource: api });
  const aud = async (resource?: string) => claimsOf((await refreshConfidential(fakes, refresh_token, { resource })).access_token)['aud'];
  expect(await aud()).toBe(api);
  expect(await aud(api)).toBe(api);
  expect(await aud(testIssuer)).toBe(testIssuer);
  const plain = await obtainTokens(fakes, { scope: 'orders.read' });
  const wider = refreshConfidential(fakes, plain.refresh_token, { resource: api });
  await expect(wider).rejects.toMatchObject({ error: 'invalid_target', reason: 'resource_exceeds_grant' });
});

test('OpenID Connect Core §12.2: the new ID Token has the first sign-in and no nonce', async () => {
  const fakes = setup();
  const first = await obtainTokens(fakes, { scope: 'openid offline_access', nonce: 'n', max_age: '900' });
  fakes.clock.advance(600_000);
  const { id_token } = await refreshConfidential(fakes, first.refresh_token);
  const { iss, sub, aud, auth_time, sid } = claimsOf(first.id_token);
  const again = claimsOf(id_token);
  expect(again).toMatchObject({ iss, sub, aud, auth_time, sid, iat: fakes.clock.now / 1000 });
  expect(again).not.toHaveProperty('nonce');
});

test('house.md: a grant has an absolute end', async () => {
  const fakes = setup();
  const token = await rotating(fakes);
  fakes.clock.advance(30 * 86_400_000);
  await expect(refresh(fakes, token)).rejects.toMatchObject({ error: 'invalid_grant', reason: 'grant_expired' });
});

test.each(['subject_revoked', 'client_disabled', 'session_ended'] as const)(
  'house.md: a refresh after %s is invalid_grant',
  async (verdict) => {
    const fakes = setup();
    const token = await rotating(fakes);
    fakes.grants.verdict = verdict;
    await expect(refresh(fakes, token)).rejects.toMatchObject({ error: 'invalid_grant', reason: verdict });
  },
);

test('RFC 6749 §5.2: what is no refresh token of ours is invalid_grant without a look into the store', async () => {
  const fakes = setup();
  const { access_token, id_token, refresh_token } = await obtainTokens(fakes, { scope: 'openid offline_access' });
  const flipped = refresh_token.slice(0, -2) + (refresh_token.endsWith('AA') ? 'BA' : 'AA');
  for (const token of ['x', 'ar1_', 'ar1_AAAA', access_token, id_token, flipped, `${refresh_token}=`, refresh_token.slice(4)]) {
    await expect(refreshConfidential(fakes, token)).rejects.toMatchObject({ error: 'invalid_grant', reason: 'refresh_token_malformed' });
  }
  expect(fakes.grants.reads).toBe(0);
});

test('house.md: a key that is gone makes its refresh tokens invalid_grant', async () => {
  const fakes = setup();
  const token = await rotating(fakes);
  fakes.refreshTokenMac.keys.clear();
  await expect(refresh(fakes, token)).rejects.toMatchObject({ error: 'invalid_grant', reason: 'refresh_token_key_unknown' });
});

test('RFC 6749 §6: the session’s end does not end an offline grant, so it outlives the session', async () => {
  const fakes = setup();
  const session = signIn(fakes, { expiresAt: fakes.clock.now + 60_000 });
  const { refresh_token } = await obtainTokens(fakes, { scope: 'openid offline_access' }, session);
  fakes.clock.advance(120_000);
  await expect(refreshConfidential(fakes, refresh_token)).resolves.toMatchObject({ expires_in: 300 });
});
