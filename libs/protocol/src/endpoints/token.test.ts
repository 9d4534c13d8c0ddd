import {
  basic,
  client,
  codeRequest,
  endpointRequest,
  exchange,
  obtainCode,
  type Pairs,
  protocolFakes,
  secret,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createTokenEndpoint } from './token.ts';

function setup(changes = {}) {
  const fakes = protocolFakes();
  fakes.clients.add(client(changes), secret);
  return fakes;
}

test.each<[string, Pairs, string, string]>([
  ['without grant_type', {}, 'invalid_request', 'parameter_missing'],
  ['with an empty grant_type', { grant_type: '' }, 'invalid_request', 'parameter_missing'],
  ['of an unknown grant type', { grant_type: 'urn:example:unknown' }, 'unsupported_grant_type', 'grant_type_unknown'],
  [
    'with a repeated parameter',
    { grant_type: 'client_credentials', scope: ['orders.read', 'orders.read'] },
    'invalid_request',
    'parameter_repeated',
  ],
  [
    'with a parameter repeated empty',
    { grant_type: 'client_credentials', scope: ['', 'orders.read'] },
    'invalid_request',
    'parameter_repeated',
  ],
  ['with an unknown parameter repeated', { grant_type: 'client_credentials', foo: ['a', 'b'] }, 'invalid_request', 'parameter_repeated'],
  ['with NUL', { grant_type: 'client_credentials', scope: 'orders.read\0' }, 'invalid_request', 'encoding_invalid'],
  ['with half a surrogate pair', { grant_type: 'client_credentials', scope: '\ud800' }, 'invalid_request', 'encoding_invalid'],
  ['with NUL in a name', { grant_type: 'client_credentials', 'sc\0pe': 'a' }, 'invalid_request', 'encoding_invalid'],
])('RFC 6749 §5.2: a request %s is refused', async (_what, pairs, error, reason) => {
  await expect(exchange(setup(), pairs)).rejects.toMatchObject({ error, reason });
});

test('RFC 6749 §5.2: a grant type that the client is not registered for is unauthorized_client', async () => {
  const fakes = setup({ grant_types: ['authorization_code'] });
  await expect(exchange(fakes, { grant_type: 'client_credentials' })).rejects.toMatchObject({
    error: 'unauthorized_client',
    reason: 'grant_type_not_allowed',
  });
});

test('RFC 6749 §3.2: resource and audience may be repeated', async () => {
  const pairs = { grant_type: 'client_credentials', audience: ['a', 'b'] };
  await expect(exchange(setup(), pairs)).resolves.toMatchObject({ token_type: 'Bearer' });
});

test('style.md 12: a grant sees only the parameters that it declares', async () => {
  const fakes = setup();
  const code = await obtainCode(fakes, { scope: 'openid' });
  // scope is not a parameter of the code exchange (RFC 6749 §4.1.3), so even a malformed one is passed over.
  await expect(exchange(fakes, codeRequest(code, { scope: '"' }))).resolves.toMatchObject({ scope: 'openid' });
});

test('performance.md: only what needs memory and CPU alone goes by the CPU lane', () => {
  const { lane } = createTokenEndpoint(setup());
  const laneOf = (pairs: Pairs) => lane(endpointRequest(pairs, basic('app', secret)));
  expect(laneOf({ grant_type: 'client_credentials' })).toBe('cpu');
  expect(laneOf({ grant_type: 'client_credentials', client_assertion: 'x' })).toBe('store');
  expect(laneOf({ client_assertion: 'x', grant_type: 'client_credentials' })).toBe('store');
  expect(laneOf({ grant_type: 'authorization_code' })).toBe('store');
  expect(laneOf({ grant_type: 'refresh_token' })).toBe('store');
  expect(laneOf({ grant_type: 'nothing' })).toBe('cpu');
  expect(laneOf({})).toBe('store');
});
