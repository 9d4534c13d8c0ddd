import {
  basic,
  claimsOf,
  client,
  exchange,
  type Pairs,
  type ProtocolFakes,
  protocolFakes,
  publicClient,
  secret,
  sub,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';

const acr = 'urn:authority:pwd';

function setup(changes = {}): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client({ grant_types: ['password', 'refresh_token'], ...changes }), secret);
  fakes.identities.passwords.set('ada:right', {
    ...{ outcome: 'authenticated', sub, amr: ['pwd'], acr },
    authTimeMs: fakes.clock.now - 500,
  });
  return fakes;
}

const request = (changes: Pairs = {}): Pairs => ({ grant_type: 'password', username: 'ada', password: 'right', ...changes });

test('RFC 6749 §4.3: a name and a password become tokens of a durable grant', async () => {
  const fakes = setup();
  const tokens = await exchange(fakes, request({ scope: 'orders.read' }));
  expect(tokens).toMatchObject({ token_type: 'Bearer', scope: 'orders.read', id_token: '' });
  const [row] = fakes.grants.rows;
  expect(row?.grant).toMatchObject({ client_id: 'app', sub, scopes: ['orders.read'], createdAt: fakes.clock.now - 500 });
  const { jti, ...claims } = claimsOf(tokens.access_token);
  expect(claims).toMatchObject({ sub, acr, amr: ['pwd'], auth_time: Math.floor(fakes.clock.now / 1000) - 1 });
  expect(String(jti).startsWith(`${row?.grant.grant_id}.`)).toBe(true);
  // Its time is that of the sign-in: a password that is changed before the tokens are made ends them.
  expect(Buffer.from(String(jti).slice(2, 10), 'base64url').readUIntBE(0, 6)).toBe(fakes.clock.now - 500);
  await expect(exchange(fakes, { grant_type: 'refresh_token', refresh_token: tokens.refresh_token })).resolves.toMatchObject({
    scope: 'orders.read',
  });
});

test('OpenID Connect Core §11: an OpenID grant has a refresh token only with offline_access; no session is named', async () => {
  const fakes = setup();
  const plain = await exchange(fakes, request({ scope: 'openid' }));
  expect(plain.refresh_token).toBe('');
  expect(claimsOf(plain.id_token)).not.toHaveProperty('sid');
  const offline = await exchange(fakes, request({ scope: 'openid offline_access' }));
  expect(offline.refresh_token).not.toBe('');
  const again = await exchange(fakes, { grant_type: 'refresh_token', refresh_token: offline.refresh_token });
  expect(claimsOf(again.id_token)).toMatchObject({ sub, aud: 'app' });
});

test('RFC 6749 §4.3: a client without the grant type is refused, and nobody’s password is tried', async () => {
  const fakes = setup({ grant_types: ['authorization_code'] });
  await expect(exchange(fakes, request())).rejects.toMatchObject({ error: 'unauthorized_client', reason: 'grant_type_not_allowed' });
  expect(fakes.identities.attempts).toBe(0);
});

test.each(['oauth2.1', 'fapi2-security'] as const)('OAuth 2.1 §10: a client of the profile %s cannot have it', async (profile) => {
  const fakes = setup({ profile });
  await expect(exchange(fakes, request())).rejects.toMatchObject({ reason: 'profile_refused' });
  expect(fakes.identities.attempts).toBe(0);
});

test('RFC 6749 §4.3.2: the client authenticates before the person', async () => {
  const fakes = setup();
  await expect(exchange(fakes, request(), basic('app', 'wrong'))).rejects.toMatchObject({ error: 'invalid_client' });
  expect(fakes.identities.attempts).toBe(0);
});

test('RFC 6749 §4.3.2: a public client that is allowed the grant may use it', async () => {
  const fakes = setup();
  fakes.clients.add(publicClient({ grant_types: ['password'] }));
  await expect(exchange(fakes, request({ client_id: 'native' }), '')).resolves.toMatchObject({ refresh_token: '' });
});

test.each(['credentials_wrong', 'identity_disabled', 'second_factor_due'] as const)(
  'RFC 6749 §5.2: %s is invalid_grant, in the same words as a wrong password',
  async (reason) => {
    const fakes = setup();
    fakes.identities.passwords.set('ada:right', { outcome: 'refused', reason, retryAt: 0 });
    const description = 'the username or password is wrong';
    await expect(exchange(fakes, request())).rejects.toMatchObject({ error: 'invalid_grant', reason, description });
    expect(fakes.grants.rows).toEqual([]);
  },
);

test('RFC 6749 §4.3.2: too many guesses are told to wait', async () => {
  const fakes = setup();
  const retryAt = fakes.clock.now + 60_000;
  fakes.identities.passwords.set('ada:right', { outcome: 'refused', reason: 'throttled_account', retryAt });
  const refused = { code: 'RESOURCE_EXHAUSTED', reason: 'throttled_account', retryAfterMs: 60_000 };
  await expect(exchange(fakes, request())).rejects.toMatchObject(refused);
});

test('house.md: a password that was changed meanwhile makes no grant', async () => {
  const fakes = setup();
  fakes.grants.verdict = 'subject_revoked';
  await expect(exchange(fakes, request())).rejects.toMatchObject({ error: 'invalid_grant', reason: 'subject_revoked' });
});

test.each([
  ['no name', { username: undefined }, 'invalid_request', 'parameter_missing'],
  ['no password', { password: '' }, 'invalid_request', 'parameter_missing'],
  ['two passwords', { password: ['right', 'wrong'] }, 'invalid_request', 'parameter_repeated'],
  ['an unknown scope', { scope: 'nobody.knows' }, 'invalid_scope', 'scope_unknown'],
  ['an operator’s scope', { scope: 'authority.admin' }, 'invalid_scope', 'scope_not_allowed'],
  ['an unknown resource', { resource: 'https://nobody.example.test' }, 'invalid_target', 'resource_unknown'],
])('RFC 6749 §4.3.2: a request with %s is refused before a password is tried', async (_what, changes, error, reason) => {
  const fakes = setup({ scopes: ['orders.read', 'authority.admin'], operator: true });
  await expect(exchange(fakes, request(changes))).rejects.toMatchObject({ error, reason });
  expect(fakes.identities.attempts).toBe(0);
});
