import {
  basic,
  client,
  endpointRequest,
  exchange,
  obtainTokens,
  type Pairs,
  type ProtocolFakes,
  protocolFakes,
  publicClient,
  secret,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createIntrospectionEndpoint } from './introspection.ts';
import { createRevocationEndpoint } from './revocation.ts';

function setup(): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client(), secret);
  fakes.clients.add(client({ client_id: 'other' }), secret);
  fakes.clients.add(publicClient());
  return fakes;
}

function revoke(fakes: ProtocolFakes, token: string, as = 'app', more: Pairs = {}): Promise<void> {
  return createRevocationEndpoint(fakes).revoke(endpointRequest({ token, ...more }, basic(as, secret)), fakes.clock.now);
}

async function isActive(fakes: ProtocolFakes, token: string): Promise<unknown> {
  return (await createIntrospectionEndpoint(fakes).introspect(endpointRequest({ token }, basic('app', secret)), fakes.clock.now))['active'];
}

test('RFC 7009 §2.1: an access token ends, its grant goes on', async () => {
  const fakes = setup();
  const { access_token, refresh_token } = await obtainTokens(fakes, { scope: 'openid offline_access' });
  await revoke(fakes, access_token, 'app', { token_type_hint: 'refresh_token' });
  expect(await isActive(fakes, access_token)).toBe(false);
  expect(await isActive(fakes, refresh_token)).toBe(true);
});

test('RFC 7009 §2.1: a refresh token takes the access tokens of its grant along', async () => {
  const fakes = setup();
  const { access_token, refresh_token } = await obtainTokens(fakes, { scope: 'openid offline_access' });
  await revoke(fakes, refresh_token);
  expect(await isActive(fakes, access_token)).toBe(false);
  expect(await isActive(fakes, refresh_token)).toBe(false);
  expect(fakes.grants.rows[0]?.revoked).toBe('revoked_by_client');
});

test('RFC 7009 §2.1: every generation of a refresh token ends its grant', async () => {
  const fakes = setup();
  fakes.clients.add(client({ refreshTokenRotation: 'always' }), secret);
  const first = await obtainTokens(fakes, { scope: 'openid offline_access' });
  let { refresh_token } = first;
  for (let step = 0; step < 3; step++) ({ refresh_token } = await exchange(fakes, { grant_type: 'refresh_token', refresh_token }));
  await revoke(fakes, first.refresh_token);
  expect(await isActive(fakes, refresh_token)).toBe(false);
});

test('RFC 7009 §2.1: tokens of another client are refused and stay', async () => {
  const fakes = setup();
  const { access_token, refresh_token } = await obtainTokens(fakes, { scope: 'openid offline_access' });
  for (const token of [access_token, refresh_token]) {
    await expect(revoke(fakes, token, 'other')).rejects.toMatchObject({ error: 'invalid_grant', reason: 'token_of_other_client' });
    expect(await isActive(fakes, token)).toBe(true);
  }
});

test('RFC 7009 §2.2: unknown, expired and revoked tokens are a success', async () => {
  const fakes = setup();
  const { access_token, refresh_token, id_token } = await obtainTokens(fakes, { scope: 'openid offline_access' });
  await revoke(fakes, refresh_token);
  await revoke(fakes, refresh_token);
  fakes.clock.advance(400_000);
  for (const token of [access_token, id_token, 'x', 'a.b.c', 'ar1_AAAA']) await expect(revoke(fakes, token)).resolves.toBeUndefined();
});

test('RFC 7009 §2.1: clients authenticate, public ones by their name', async () => {
  const fakes = setup();
  const { revoke: ask } = createRevocationEndpoint(fakes);
  await expect(ask(endpointRequest({ token: 'x' }), fakes.clock.now)).rejects.toMatchObject({ error: 'invalid_client' });
  await expect(ask(endpointRequest({ token: 'x', client_id: 'native' }), fakes.clock.now)).resolves.toBeUndefined();
  await expect(ask(endpointRequest({ client_id: 'native' }), fakes.clock.now)).rejects.toMatchObject({
    error: 'invalid_request',
    reason: 'parameter_missing',
  });
});
