import { createPrivateKey, createPublicKey } from 'node:crypto';
import {
  answerOf,
  authorizationRequest,
  authorize,
  basic,
  claimsOf,
  client,
  codeRequest,
  endpointRequest,
  exchange,
  headerOf,
  obtainCode,
  obtainTokens,
  parametersOf,
  type ProtocolFakes,
  protocolFakes,
  secret,
  signIn,
  sub,
  testIssuer,
  testKeys,
} from '@authority/testing/protocol';
import { compactDecrypt } from 'jose';
import { expect, test } from 'vitest';
import { createIntrospectionEndpoint } from '../endpoints/introspection.ts';
import { createTokenEndpoint } from '../endpoints/token.ts';
import { createUserInfoEndpoint } from '../endpoints/user-info.ts';

const rsa = createPrivateKey({ key: { ...testKeys.clientRS256 }, format: 'jwk' });
const jwks = { keys: [{ ...createPublicKey(rsa).export({ format: 'jwk' }), use: 'enc', kid: 'enc-1' }] };
const idTokens = { id_token_encrypted_response_alg: 'RSA-OAEP-256', id_token_encrypted_response_enc: 'A256GCM' };
const userInfos = { userinfo_encrypted_response_alg: 'RSA-OAEP-256', userinfo_encrypted_response_enc: 'A128GCM' };
const introspections = { introspection_encrypted_response_alg: 'RSA-OAEP-256' };

function setup(changes = {}): ProtocolFakes {
  const fakes = protocolFakes();
  const grant_types = ['authorization_code', 'refresh_token', 'implicit', 'client_credentials'];
  fakes.clients.add(
    client({ jwks, consentSkipped: true, grant_types, response_types: ['code', 'id_token', 'code id_token'], ...changes }),
    secret,
  );
  fakes.identities.all.set(sub, { name: 'Ada', email: 'ada@example.test' });
  return fakes;
}

async function open(jwe: string) {
  const { plaintext, protectedHeader } = await compactDecrypt(jwe, rsa);
  return { header: protectedHeader, text: new TextDecoder().decode(plaintext) };
}

test('OpenID Connect Core §10.2: an ID Token is signed, then encrypted for its client', async () => {
  const fakes = setup(idTokens);
  const { id_token } = await obtainTokens(fakes);
  const { header, text } = await open(id_token);
  expect(header).toEqual({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 'enc-1', cty: 'JWT' });
  expect(fakes.signingKeys.verify(text, 'JWT')).toMatchObject({ iss: testIssuer, aud: 'app', sub });
});

test('OpenID Connect Core §3.2.2.10, §3.3.2.11: so is the one that the browser brings', async () => {
  const fakes = setup(idTokens);
  for (const response_type of ['id_token', 'code id_token']) {
    const parameters = parametersOf(authorizationRequest({ response_type, nonce: 'n' }));
    const { values } = answerOf(await authorize(fakes, { parameters, session: signIn(fakes) }));
    expect(claimsOf((await open(values['id_token'] ?? '')).text)).toMatchObject({ nonce: 'n', sub });
  }
});

test('OpenID Connect Core §10.2: without a key of the client the code stays good, and nothing goes in the clear', async () => {
  const fakes = setup({ ...idTokens, jwks: { keys: [] } });
  const code = await obtainCode(fakes);
  const missing = { error: 'invalid_client', reason: 'client_encryption_key_missing' };
  await expect(exchange(fakes, codeRequest(code))).rejects.toMatchObject(missing);
  const parameters = parametersOf(authorizationRequest({ response_type: 'id_token', nonce: 'n' }));
  const { values, reason } = answerOf(await authorize(fakes, { parameters, session: signIn(fakes) }));
  expect([values['error'], values['id_token'], reason]).toEqual(['temporarily_unavailable', undefined, missing.reason]);
  fakes.clients.add(client({ ...idTokens, jwks }), secret);
  expect((await exchange(fakes, codeRequest(code))).id_token.split('.')).toHaveLength(5);
});

test('performance.md 1: a client that encrypts nothing is never waited for', () => {
  const fakes = setup(idTokens);
  const asked: unknown[] = [];
  fakes.clientKeys.find = async (...of) => {
    asked.push(of);
    return { keys: [] };
  };
  const request = endpointRequest({ grant_type: 'client_credentials', scope: 'orders.read' }, basic('app', secret));
  return createTokenEndpoint(fakes)
    .exchange(request, fakes.clock.now)
    .then(() => expect(asked).toEqual([]));
});

const userInfo = async (fakes: ProtocolFakes) => {
  const { access_token } = await obtainTokens(fakes, { scope: 'openid profile' });
  return createUserInfoEndpoint(fakes).userInfo(endpointRequest({}, `Bearer ${access_token}`), fakes.clock.now);
};

test('OpenID Connect Core §5.3.2: UserInfo is signed where the client registered an algorithm, with iss and aud', async () => {
  for (const alg of ['RS256', 'ES256', 'EdDSA', 'PS256'] as const) {
    const fakes = setup({ userinfo_signed_response_alg: alg });
    const { body, content_type } = await userInfo(fakes);
    expect([content_type, headerOf(body)['alg']]).toEqual(['application/jwt', alg]);
    expect(fakes.signingKeys.verify(body, 'JWT')).toEqual({ iss: testIssuer, aud: 'app', sub, name: 'Ada' });
  }
});

test('OpenID Connect Core §5.3.2: UserInfo is encrypted, nested where it is signed', async () => {
  const plain = await userInfo(setup(userInfos));
  const claims = await open(plain.body);
  expect([plain.content_type, claims.header]).toEqual(['application/jwt', { alg: 'RSA-OAEP-256', enc: 'A128GCM', kid: 'enc-1' }]);
  expect(JSON.parse(claims.text)).toEqual({ sub, name: 'Ada' });

  const nested = await open((await userInfo(setup({ ...userInfos, userinfo_signed_response_alg: 'ES256' }))).body);
  expect(nested.header).toMatchObject({ cty: 'JWT' });
  expect(claimsOf(nested.text)).toMatchObject({ aud: 'app', sub });
});

test('RFC 8725 §3.11: a signed UserInfo answer is no ID Token hint', async () => {
  const fakes = setup({ userinfo_signed_response_alg: 'RS256' });
  const { body } = await userInfo(fakes);
  const answer = await authorize(fakes, {
    parameters: parametersOf(authorizationRequest({ id_token_hint: body })),
    session: signIn(fakes),
  });
  expect(answerOf(answer)).toMatchObject({ reason: 'id_token_hint_invalid' });
});

const introspect = (fakes: ProtocolFakes, token: string, as = 'app') =>
  createIntrospectionEndpoint(fakes).introspectAsJwt(endpointRequest({ token }, basic(as, secret)), fakes.clock.now);

test('RFC 9701 §5: an introspection answer as a JWT is for its asker, and says nothing beside token_introspection', async () => {
  const fakes = setup({ introspection_signed_response_alg: 'ES256' });
  const { access_token, refresh_token } = await obtainTokens(fakes, { scope: 'openid offline_access' });
  for (const token of [access_token, refresh_token]) {
    const jwt = await introspect(fakes, token);
    expect(headerOf(jwt)).toMatchObject({ typ: 'token-introspection+jwt', alg: 'ES256' });
    expect(fakes.signingKeys.verify(jwt, 'token-introspection+jwt')).toEqual({
      iss: testIssuer,
      aud: 'app',
      iat: fakes.clock.now / 1000,
      token_introspection: expect.objectContaining({ active: true, sub }),
    });
  }
});

test('RFC 9701 §6: RS256 when a client says nothing; encrypted for it where it registered so', async () => {
  const fakes = setup(introspections);
  const { header, text } = await open(await introspect(fakes, 'x'));
  expect(header).toMatchObject({ alg: 'RSA-OAEP-256', enc: 'A128CBC-HS256', cty: 'JWT' });
  expect(headerOf(text)['alg']).toBe('RS256');
  expect(claimsOf(text)['token_introspection']).toEqual({ active: false });
});

test('RFC 9701 §5, §8.1: whoever a token is not for learns nothing; the answer is no access token', async () => {
  const fakes = setup();
  fakes.clients.add(client({ client_id: 'other' }), secret);
  const { access_token } = await obtainTokens(fakes);
  expect(claimsOf(await introspect(fakes, access_token, 'other'))['token_introspection']).toEqual({ active: false });
  const answer = await introspect(fakes, access_token);
  expect(claimsOf(await introspect(fakes, answer))['token_introspection']).toEqual({ active: false });
  const asBearer = createUserInfoEndpoint(fakes).userInfo(endpointRequest({}, `Bearer ${answer}`), fakes.clock.now);
  await expect(asBearer).rejects.toMatchObject({ error: 'invalid_token' });
  await expect(introspect(fakes, access_token, 'nobody')).rejects.toMatchObject({ error: 'invalid_client' });
});
