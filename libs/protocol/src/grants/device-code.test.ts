import {
  basic,
  browser,
  claimsOf,
  client,
  endpointRequest,
  exchange,
  type Pairs,
  type ProtocolFakes,
  protocolFakes,
  publicClient,
  secret,
  signIn,
  sub,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createDeviceAuthorizationEndpoint } from '../endpoints/device-authorization.ts';
import { createDeviceVerificationEndpoint } from '../endpoints/device-verification.ts';
import type { DeviceAuthorizationResponse } from '../model/request.ts';

const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
const api = 'https://api.example.test';

function setup(changes = {}): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client({ grant_types: [grant_type, 'refresh_token'], ...changes }), secret);
  fakes.clients.add(client({ client_id: 'other', grant_types: [grant_type] }), 'other secret');
  fakes.clients.add(client({ client_id: 'api', resourceIdentifier: api }), secret);
  return fakes;
}

const begin = (fakes: ProtocolFakes, changes: Pairs = {}): Promise<DeviceAuthorizationResponse> =>
  createDeviceAuthorizationEndpoint(fakes).authorizeDevice(
    endpointRequest({ scope: 'openid offline_access', ...changes }, basic('app', secret)),
    fakes.clock.now,
  );

async function decide(fakes: ProtocolFakes, user_code: string, decision: 'allow' | 'deny', session = signIn(fakes)): Promise<string> {
  const { decideDevice } = createDeviceVerificationEndpoint(fakes);
  const step = { session, browser, peer_address: '192.0.2.1', interaction: '', user_code: '' };
  const { value } = await decideDevice(step, fakes.clock.now);
  const interaction = 'handle' in value ? value.handle : value.interaction;
  await decideDevice({ ...step, interaction, user_code }, fakes.clock.now);
  const done = await decideDevice({ ...step, interaction, decision }, fakes.clock.now);
  return done.$case === 'verification' ? done.value.state : done.$case;
}

const poll = (fakes: ProtocolFakes, device_code: string, more: Pairs = {}, as = basic('app', secret)) =>
  exchange(fakes, { grant_type, device_code, ...more }, as);

/** A grant id begins with its time: 48 bits of Unix milliseconds. */
const authorizedAt = (access_token: string): number =>
  Buffer.from(String(claimsOf(access_token)['jti']).slice(2, 10), 'base64url').readUIntBE(0, 6);

test('RFC 8628 §3.5: authorization_pending until the person has decided, then tokens', async () => {
  const fakes = setup();
  const { device_code, user_code } = await begin(fakes);
  await expect(poll(fakes, device_code)).rejects.toMatchObject({ error: 'authorization_pending', reason: 'device_pending' });
  expect(await decide(fakes, user_code, 'allow')).toBe('allowed');
  const tokens = await poll(fakes, device_code);
  expect(tokens).toMatchObject({ token_type: 'Bearer', scope: 'openid offline_access' });
  expect(claimsOf(tokens.id_token)).toMatchObject({ sub, aud: 'app' });
  expect(tokens.refresh_token).not.toBe('');
  await expect(exchange(fakes, { grant_type: 'refresh_token', refresh_token: tokens.refresh_token })).resolves.toMatchObject({
    token_type: 'Bearer',
  });
});

test('house.md, "One revocation set": a device’s tokens are as old as the decision, so that an end between it and the poll counts', async () => {
  const fakes = setup();
  const { device_code, user_code } = await begin(fakes);
  const decidedAt = fakes.clock.now;
  await decide(fakes, user_code, 'allow');
  fakes.clock.advance(60_000);
  const { access_token } = await poll(fakes, device_code);
  expect(authorizedAt(access_token)).toBe(decidedAt);
});

test('RFC 8628 §3.5: a poll before its time is slow_down, and the interval grows by 5 seconds', async () => {
  const fakes = setup();
  const { device_code, interval } = await begin(fakes);
  const pending = { error: 'authorization_pending' };
  const slowDown = { error: 'slow_down', reason: 'device_polled_too_fast' };
  await expect(poll(fakes, device_code)).rejects.toMatchObject(pending);
  fakes.clock.advance(interval * 1000);
  await expect(poll(fakes, device_code)).rejects.toMatchObject(pending);
  fakes.clock.advance(1000);
  await expect(poll(fakes, device_code)).rejects.toMatchObject(slowDown);
  fakes.clock.advance(interval * 1000);
  await expect(poll(fakes, device_code)).rejects.toMatchObject(slowDown);
  fakes.clock.advance((interval + 10) * 1000);
  await expect(poll(fakes, device_code)).rejects.toMatchObject(pending);
});

test('house.md, devices: a poll that waits asks no durable store', async () => {
  const fakes = setup();
  const { device_code } = await begin(fakes);
  for (let polls = 0; polls < 3; polls++) {
    await expect(poll(fakes, device_code)).rejects.toMatchObject({ error: expect.stringMatching(/authorization_pending|slow_down/) });
  }
  expect(fakes.deviceDecisions.finds).toBe(0);
});

test('RFC 8628 §3.5: what was denied is access_denied, for good', async () => {
  const fakes = setup();
  const { device_code, user_code } = await begin(fakes);
  expect(await decide(fakes, user_code, 'deny')).toBe('denied');
  await expect(poll(fakes, device_code)).rejects.toMatchObject({ error: 'access_denied', reason: 'device_denied' });
  fakes.deviceRequests.waiting.clear();
  await expect(poll(fakes, device_code)).rejects.toMatchObject({ error: 'access_denied', reason: 'device_denied' });
  expect(fakes.grants.rows).toHaveLength(0);
});

test.each([false, true])('RFC 8628 §3.5: an expired code is expired_token (allowed before: %s)', async (allowed) => {
  const fakes = setup();
  const { device_code, user_code, expires_in } = await begin(fakes);
  if (allowed) await decide(fakes, user_code, 'allow');
  fakes.clock.advance(expires_in * 1000);
  await expect(poll(fakes, device_code)).rejects.toMatchObject({ error: 'expired_token', reason: 'device_code_expired' });
  fakes.deviceRequests.waiting.clear();
  await expect(poll(fakes, device_code)).rejects.toMatchObject({ error: 'expired_token' });
});

test('house.md, devices: of 50 polls at once after the approval one gets tokens, and they stay good', async () => {
  const fakes = setup();
  const { device_code, user_code } = await begin(fakes);
  await decide(fakes, user_code, 'allow');
  const results = await Promise.allSettled(Array.from({ length: 50 }, () => poll(fakes, device_code)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const refused = { error: 'invalid_grant', reason: 'device_code_redeemed' };
  await expect(poll(fakes, device_code)).rejects.toMatchObject(refused);
  expect(fakes.grants.rows).toMatchObject([{ revoked: undefined }]);
});

test('house.md, devices: a lost store means to start again; what was decided stays decided', async () => {
  const fakes = setup();
  const [waiting, allowed] = [await begin(fakes), await begin(fakes)];
  await decide(fakes, allowed.user_code, 'allow');
  fakes.deviceRequests.waiting.clear();
  await expect(poll(fakes, waiting.device_code)).rejects.toMatchObject({ error: 'expired_token', reason: 'device_code_unknown' });
  await expect(poll(fakes, allowed.device_code)).resolves.toMatchObject({ token_type: 'Bearer' });
  await expect(poll(fakes, allowed.device_code)).rejects.toMatchObject({ error: 'invalid_grant', reason: 'device_code_redeemed' });
});

test('RFC 8628 §3.4: a device code is good for its client alone, and stays good for it', async () => {
  const fakes = setup();
  const { device_code, user_code } = await begin(fakes);
  const refused = { error: 'invalid_grant', reason: 'device_code_of_other_client' };
  const stolen = () => poll(fakes, device_code, {}, basic('other', 'other secret'));
  await expect(stolen()).rejects.toMatchObject(refused);
  await expect(poll(fakes, device_code)).rejects.toMatchObject({ error: 'authorization_pending' });
  await decide(fakes, user_code, 'allow');
  await expect(stolen()).rejects.toMatchObject(refused);
  // Also when only the durable decision is left to tell.
  fakes.deviceRequests.waiting.clear();
  await expect(stolen()).rejects.toMatchObject(refused);
  await expect(poll(fakes, device_code)).resolves.toMatchObject({ token_type: 'Bearer' });
});

test('RFC 8628 §3.4: what is no device code is invalid_grant, and none at all is invalid_request', async () => {
  const fakes = setup();
  for (const device_code of ['x', 'x'.repeat(10_000), 'ar1_AAAA']) {
    await expect(poll(fakes, device_code)).rejects.toMatchObject({ error: 'invalid_grant', reason: 'device_code_malformed' });
  }
  await expect(poll(fakes, '')).rejects.toMatchObject({ error: 'invalid_request', reason: 'parameter_missing' });
});

test.each(['subject_revoked', 'client_disabled'] as const)(
  'house.md, devices: an approval from before %s is invalid_grant',
  async (verdict) => {
    const fakes = setup();
    const { device_code, user_code } = await begin(fakes);
    await decide(fakes, user_code, 'allow');
    fakes.deviceDecisions.verdict = verdict;
    await expect(poll(fakes, device_code)).rejects.toMatchObject({ error: 'invalid_grant', reason: verdict });
  },
);

test('house.md, devices: a device stays connected when the session ends that it was allowed in', async () => {
  const fakes = setup();
  const { device_code, user_code } = await begin(fakes, { scope: 'openid' });
  await decide(fakes, user_code, 'allow', signIn(fakes, { expiresAt: fakes.clock.now + 1000 }));
  fakes.clock.advance(5000);
  const tokens = await poll(fakes, device_code);
  expect(claimsOf(tokens.access_token)).not.toHaveProperty('sid');
  expect(claimsOf(tokens.id_token)).not.toHaveProperty('sid');
  expect(fakes.grants.rows[0]?.grant).not.toHaveProperty('sid');
  // OpenID Connect Core §11: no refresh token without offline_access.
  expect(tokens.refresh_token).toBe('');
});

test('RFC 8628 §3.1: public clients ask and poll with their client_id', async () => {
  const fakes = setup();
  fakes.clients.add(publicClient({ grant_types: [grant_type, 'refresh_token'] }));
  const request = endpointRequest({ client_id: 'native', scope: 'orders.read' });
  const { device_code, user_code } = await createDeviceAuthorizationEndpoint(fakes).authorizeDevice(request, fakes.clock.now);
  await decide(fakes, user_code, 'allow');
  const tokens = await poll(fakes, device_code, { client_id: 'native' }, '');
  expect(tokens).toMatchObject({ scope: 'orders.read', id_token: '' });
  expect(tokens.refresh_token).not.toBe('');
});

test('RFC 8707 §2.2: the poll may narrow to the resource that was allowed, never widen, and a wrong one uses nothing up', async () => {
  const fakes = setup({ allowedResources: [api], defaultResource: 'https://default.example.test' });
  fakes.clients.resources.add('https://default.example.test');
  const { device_code, user_code } = await begin(fakes, { resource: api });
  await decide(fakes, user_code, 'allow');
  await expect(poll(fakes, device_code, { resource: 'https://default.example.test' })).rejects.toMatchObject({ error: 'invalid_target' });
  expect(claimsOf((await poll(fakes, device_code, { resource: api })).access_token)).toMatchObject({ aud: api });
});
