import { basic, client, exchange, type Pairs, type ProtocolFakes, protocolFakes, publicClient, secret } from '@authority/testing/protocol';
import { expect, test } from 'vitest';

const pairs = { grant_type: 'client_credentials' };

function setup(changes = {}): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client(changes), secret);
  fakes.clients.add(publicClient());
  return fakes;
}

function refused(fakes: ProtocolFakes, more: Pairs, authorization = '') {
  return expect(exchange(fakes, { ...pairs, ...more }, authorization)).rejects;
}

test('RFC 6749 §2.3.1: a client authenticates by HTTP Basic', async () => {
  await expect(exchange(setup(), pairs, basic('app', secret))).resolves.toMatchObject({ token_type: 'Bearer' });
});

test('RFC 6749 §2.3.1: both parts of Basic are form-urlencoded', async () => {
  const fakes = setup();
  const odd = 'p+ä %:ö';
  fakes.clients.add(client({ client_id: 'a~b' }), odd);
  await expect(exchange(fakes, pairs, basic('a~b', odd))).resolves.toMatchObject({ token_type: 'Bearer' });
  const plain = `Basic ${Buffer.from(`a~b:${odd}`).toString('base64')}`;
  await refused(fakes, {}, plain).toMatchObject({ error: 'invalid_client' });
});

test('RFC 6749 §2.3.1: a client authenticates by parameters when it is registered so', async () => {
  const fakes = setup({ token_endpoint_auth_method: 'client_secret_post' });
  await expect(exchange(fakes, { ...pairs, client_id: 'app', client_secret: secret }, '')).resolves.toMatchObject({ token_type: 'Bearer' });
  await refused(fakes, {}, basic('app', secret)).toMatchObject({ error: 'invalid_client', reason: 'client_authentication_method_wrong' });
});

test('RFC 6749 §5.2: a failure says nothing about its cause, and asks for Basic', async () => {
  const fakes = setup();
  fakes.clients.add(client({ client_id: 'off', disabled: true }), secret);
  const cases = [
    [basic('app', 'wrong'), 'client_secret_wrong'],
    [basic('app', ''), 'client_secret_wrong'],
    [basic('nobody', secret), 'client_unknown'],
    [basic('off', secret), 'client_disabled'],
    [basic('native', ''), 'client_authentication_method_wrong'],
    ['Basic !!!', 'client_authentication_method_wrong'],
    ['Basic ', 'client_authentication_method_wrong'],
    [`Basic ${Buffer.from('no colon').toString('base64')}`, 'client_authentication_method_wrong'],
    [`Basic ${Buffer.from('app:%zz').toString('base64')}`, 'client_authentication_method_wrong'],
    [`Basic ${Buffer.from('app:\0').toString('base64')}`, 'client_authentication_method_wrong'],
    ['Bearer abc', 'client_authentication_method_wrong'],
    ['', 'client_authentication_missing'],
  ] as const;
  for (const [authorization, reason] of cases) {
    await refused(fakes, {}, authorization).toMatchObject({
      error: 'invalid_client',
      reason,
      description: 'client authentication failed',
      challenge: 'Basic realm="authority"',
    });
  }
});

test.each<[string, Pairs, string]>([
  ['Basic and client_secret', { client_id: 'app', client_secret: secret }, basic('app', secret)],
  ['Basic and client_secret without client_id', { client_secret: secret }, basic('app', secret)],
  ['Basic and an assertion', { client_assertion: 'x', client_assertion_type: 'y' }, basic('app', secret)],
  ['client_secret and an assertion', { client_id: 'app', client_secret: secret, client_assertion: 'x' }, ''],
  ['Basic and another client_id', { client_id: 'native' }, basic('app', secret)],
])('RFC 6749 §2.3: %s is invalid_request', async (_what, more, authorization) => {
  await refused(setup(), more, authorization).toMatchObject({ error: 'invalid_request', reason: 'client_authentication_repeated' });
});

test('RFC 6749 §2.3: Basic with the same client_id beside it is one method', async () => {
  await expect(exchange(setup(), { ...pairs, client_id: 'app' }, basic('app', secret))).resolves.toMatchObject({ token_type: 'Bearer' });
});

test('RFC 6749 §2.1: a confidential client that only says who it is, is refused', async () => {
  await refused(setup(), { client_id: 'app' }).toMatchObject({ error: 'invalid_client', reason: 'client_authentication_method_wrong' });
});

test('performance.md: an imported secret is waited for', async () => {
  const fakes = setup();
  fakes.clients.slow = true;
  await expect(exchange(fakes, pairs, basic('app', secret))).resolves.toMatchObject({ token_type: 'Bearer' });
  await refused(fakes, {}, basic('app', 'wrong')).toMatchObject({ error: 'invalid_client', reason: 'client_secret_wrong' });
});
