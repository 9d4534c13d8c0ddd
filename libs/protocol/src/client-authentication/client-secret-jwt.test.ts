import { client, endpointRequest, exchange, type ProtocolFakes, protocolFakes, testIssuer, testKeys } from '@authority/testing/protocol';
import { importJWK, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { createTokenEndpoint } from '../endpoints/token.ts';
import type { Client } from '../model/client.ts';

const secret = 'a-secret-of-the-server-with-more-than-five-hundred-and-twelve-bits';

function setup(changes: Partial<Client> = {}): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client({ token_endpoint_auth_method: 'client_secret_jwt', ...changes }), secret);
  return fakes;
}

interface Changes {
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  by?: string;
}

/** An assertion that would pass, but for the changes. */
function sign(fakes: ProtocolFakes, { claims = {}, header = {}, by = secret }: Changes = {}): Promise<string> {
  const now = Math.floor(fakes.clock.now / 1000);
  const own = { iss: 'app', sub: 'app', aud: testIssuer, jti: 'one', iat: now, exp: now + 60, ...claims };
  return new SignJWT(own).setProtectedHeader({ alg: 'HS256', ...header }).sign(Buffer.from(by));
}

function authenticate(fakes: ProtocolFakes, client_assertion: string, more: Record<string, string> = {}, authorization = '') {
  const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  return exchange(fakes, { grant_type: 'client_credentials', client_assertion_type, client_assertion, ...more }, authorization);
}

test.each(['HS256', 'HS384', 'HS512'])('OpenID Connect Core §9: an assertion with %s by the secret authenticates', async (alg) => {
  const fakes = setup();
  await expect(authenticate(fakes, await sign(fakes, { header: { alg } }))).resolves.toMatchObject({ token_type: 'Bearer' });
});

test.each<[string, Changes, string]>([
  ['by another secret', { by: 'x'.repeat(64) }, 'client_assertion_invalid'],
  ['of another type', { header: { typ: 'at+jwt' } }, 'client_assertion_invalid'],
  ['for another server', { claims: { aud: 'https://other.example' } }, 'client_assertion_audience_wrong'],
  ['for several audiences', { claims: { aud: [testIssuer, 'https://other.example'] } }, 'client_assertion_audience_wrong'],
  ['for the token endpoint', { claims: { aud: `${testIssuer}/oauth2/token` } }, 'client_assertion_audience_wrong'],
  ['of another issuer', { claims: { iss: 'other' } }, 'client_assertion_invalid'],
  ['without jti', { claims: { jti: undefined } }, 'client_assertion_invalid'],
  ['without exp', { claims: { exp: undefined } }, 'client_assertion_invalid'],
])('RFC 7523 §3: an assertion %s is refused, and marks nothing', async (_what, changes, reason) => {
  const fakes = setup();
  await expect(authenticate(fakes, await sign(fakes, changes))).rejects.toMatchObject({ error: 'invalid_client', reason });
  expect(fakes.replayMarks.marks.size).toBe(0);
});

test('RFC 7523 §3: an assertion is used once', async () => {
  const fakes = setup();
  const once = await sign(fakes);
  await authenticate(fakes, once);
  await expect(authenticate(fakes, once)).rejects.toMatchObject({ reason: 'client_assertion_replayed' });
});

test('OpenID Connect Registration §2: the registered algorithm is the only one', async () => {
  const fakes = setup({ token_endpoint_auth_signing_alg: 'HS512' });
  await expect(authenticate(fakes, await sign(fakes))).rejects.toMatchObject({ reason: 'client_assertion_invalid' });
  await expect(authenticate(fakes, await sign(fakes, { header: { alg: 'HS512' } }))).resolves.toBeDefined();
});

test('RFC 8725 §2.1: a key’s assertion is none of the secret’s, nor the other way round', async () => {
  const jwks = { keys: [{ ...testKeys.clientES256, d: undefined }] };
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: 'app', sub: 'app', aud: testIssuer, jti: 'two', iat: now, exp: now + 60 };
  const byKey = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(await importJWK({ ...testKeys.clientES256 }, 'ES256'));
  await expect(authenticate(setup({ jwks }), byKey)).rejects.toMatchObject({ reason: 'client_authentication_method_wrong' });
  for (const token_endpoint_auth_method of ['private_key_jwt', 'client_secret_basic', 'client_secret_post', 'none']) {
    const fakes = setup({ token_endpoint_auth_method, jwks });
    const refused = authenticate(fakes, await sign(fakes));
    await expect(refused).rejects.toMatchObject({ error: 'invalid_client', reason: 'client_authentication_method_wrong' });
  }
});

test('RFC 6749 §2.3: beside another credential it is invalid_request; the secret alone does not do', async () => {
  const fakes = setup();
  const both = authenticate(fakes, await sign(fakes), { client_id: 'app', client_secret: secret });
  await expect(both).rejects.toMatchObject({ error: 'invalid_request', reason: 'client_authentication_repeated' });
  const basic = `Basic ${Buffer.from(`app:${secret}`).toString('base64')}`;
  await expect(authenticate(fakes, await sign(fakes), {}, basic)).rejects.toMatchObject({ reason: 'client_authentication_repeated' });
  await expect(exchange(fakes, { grant_type: 'client_credentials' }, basic)).rejects.toMatchObject({
    reason: 'client_authentication_method_wrong',
  });
});

test('performance.md: an assertion is of the store lane', async () => {
  const request = endpointRequest({ grant_type: 'client_credentials', client_assertion: await sign(setup()) });
  expect(createTokenEndpoint(setup()).lane(request)).toBe('store');
});
