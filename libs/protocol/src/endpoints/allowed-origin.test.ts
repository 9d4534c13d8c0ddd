import { basic, client, obtainTokens, type Pairs, parametersOf, protocolFakes, publicClient, secret } from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createAllowedOriginEndpoint } from './allowed-origin.ts';

const origin = 'https://app.example.test';

function setup() {
  const fakes = protocolFakes();
  fakes.clients.add(client({ allowedOrigins: [origin] }), secret);
  fakes.clients.add(publicClient({ redirect_uris: [`${origin}/callback`, 'http://127.0.0.1:8000/cb', 'com.example.app:/cb'] }));
  fakes.clients.add(client({ client_id: 'server' }), secret);
  fakes.clients.add(publicClient({ client_id: 'gone', disabled: true, redirect_uris: [`${origin}/callback`] }));
  const endpoint = createAllowedOriginEndpoint(fakes);
  const ask = (from: string, pairs: Pairs, authorization = '') =>
    endpoint.isAllowed(from, { parameters: parametersOf(pairs), authorization });
  return { fakes, ask };
}

test('Fetch §3.2: the origins are those of the client, or of where a public client is redirected to', async () => {
  const { ask } = setup();
  expect(await ask(origin, { client_id: 'app' })).toBe(true);
  expect(await ask(origin, { client_id: 'native' })).toBe(true);
  expect(await ask('http://127.0.0.1:8000', { client_id: 'native' })).toBe(true);
});

test.each([
  ['https://evil.example', 'native'],
  ['https://app.example.test.evil.example', 'native'],
  ['https://app.example.test:8443', 'native'],
  ['http://app.example.test', 'native'],
  ['null', 'native'],
  ['com.example.app:', 'native'],
  [origin, 'server'],
  [origin, 'gone'],
  [origin, 'nobody'],
])('Fetch §3.2: a page of %s reads nothing of %s', async (from, client_id) => {
  expect(await setup().ask(from, { client_id })).toBe(false);
});

test('Fetch §3.2: the client is the one that authenticates, by whatever method', async () => {
  const { ask } = setup();
  const jwt = (claims: object) =>
    [{ alg: 'ES256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  expect(await ask(origin, {}, basic('app', 'wrong'))).toBe(true);
  expect(await ask(origin, {}, basic('server', secret))).toBe(false);
  expect(await ask(origin, { client_assertion: `${jwt({ sub: 'app' })}.c2ln` })).toBe(true);
  expect(await ask(origin, { client_assertion: 'no jwt' })).toBe(false);
});

test('Fetch §3.2: at UserInfo it is the client of the access token, also of an expired one', async () => {
  const { fakes, ask } = setup();
  const { access_token, id_token } = await obtainTokens(fakes);
  fakes.clock.advance(10_000_000);
  expect(await ask(origin, {}, `Bearer ${access_token}`)).toBe(true);
  expect(await ask(origin, { access_token })).toBe(true);
  expect(await ask('https://evil.example', {}, `Bearer ${access_token}`)).toBe(false);
  expect(await ask(origin, {}, `Bearer ${access_token}x`)).toBe(false);
  expect(await ask(origin, {}, `Bearer ${id_token}`)).toBe(false);
  expect(await ask(origin, {})).toBe(false);
});
