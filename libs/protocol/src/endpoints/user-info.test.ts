import {
  client,
  endpointRequest,
  exchange,
  obtainTokens,
  type Pairs,
  type ProtocolFakes,
  protocolFakes,
  secret,
  sub,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createUserInfoEndpoint } from './user-info.ts';

const api = 'https://api.example.test';

function setup(): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client({ allowedResources: [api] }), secret);
  fakes.clients.add(client({ client_id: 'api', resourceIdentifier: api }), secret);
  fakes.identities.all.set(sub, { sub: 'someone else', name: 'Ada', email: 'ada@example.test' });
  return fakes;
}

function userInfo(fakes: ProtocolFakes, authorization: string, pairs: Pairs = {}) {
  return createUserInfoEndpoint(fakes).userInfo(endpointRequest(pairs, authorization), fakes.clock.now);
}

test('OpenID Connect Core §5.3: claims of the token’s subject and scopes', async () => {
  const fakes = setup();
  const { access_token } = await obtainTokens(fakes, { scope: 'openid profile' });
  const { body, content_type } = await userInfo(fakes, `Bearer ${access_token}`);
  expect(content_type).toBe('application/json');
  expect(JSON.parse(body)).toEqual({ sub, name: 'Ada' });
});

test('RFC 6750 §2.2: the token may come in a form', async () => {
  const fakes = setup();
  const { access_token } = await obtainTokens(fakes, { scope: 'openid email' });
  const { body } = await userInfo(fakes, '', { access_token });
  expect(JSON.parse(body)).toEqual({ sub, email: 'ada@example.test' });
});

test('RFC 6750 §2: the token comes in one way only', async () => {
  const refused = userInfo(setup(), 'Bearer a', { access_token: 'a' });
  await expect(refused).rejects.toMatchObject({ error: 'invalid_request', reason: 'token_repeated' });
});

test('RFC 6750 §3.1: without a token the challenge says no error', async () => {
  for (const authorization of ['', 'Bearer', 'Bearer ', 'Basic abc', 'Bearer a b']) {
    await expect(userInfo(setup(), authorization)).rejects.toMatchObject({
      reason: 'token_missing',
      challenge: expect.stringMatching(/^Bearer realm="authority", DPoP realm="authority", algs="ES256 [^"]*"$/),
    });
  }
});

test('RFC 6750 §3.1: a token that is not valid is invalid_token', async () => {
  const fakes = setup();
  const { access_token, id_token } = await obtainTokens(fakes);
  const refused = (token: string) => expect(userInfo(fakes, `Bearer ${token}`)).rejects;
  await refused(id_token).toMatchObject({ error: 'invalid_token', reason: 'token_signature_wrong' });
  await refused('x').toMatchObject({ error: 'invalid_token', reason: 'token_signature_wrong' });
  const challenge = 'Bearer realm="authority", error="invalid_token", error_description="the access token is not valid"';
  fakes.revocations.ended.add(sub);
  await refused(access_token).toMatchObject({ error: 'invalid_token', reason: 'token_revoked', challenge });
  fakes.revocations.ended.clear();
  fakes.clients.add(client({ disabled: true }), secret);
  await refused(access_token).toMatchObject({ error: 'invalid_token', reason: 'client_disabled', challenge });
  fakes.clock.advance(300_000);
  await refused(access_token).toMatchObject({ error: 'invalid_token', reason: 'token_expired', challenge });
});

test('OpenID Connect Core §5.3: only a token for the issuer, with openid', async () => {
  const fakes = setup();
  const elsewhere = await obtainTokens(fakes, { resource: api });
  await expect(userInfo(fakes, `Bearer ${elsewhere.access_token}`)).rejects.toMatchObject({
    error: 'invalid_token',
    reason: 'token_audience_wrong',
  });
  const machine = await exchange(fakes, { grant_type: 'client_credentials' });
  await expect(userInfo(fakes, `Bearer ${machine.access_token}`)).rejects.toMatchObject({
    ...{ error: 'insufficient_scope', reason: 'token_scope_insufficient' },
    challenge: 'Bearer realm="authority", error="insufficient_scope", error_description="the scope openid is needed", scope="openid"',
  });
});

test('house.md: somebody who is disabled or gone has no claims', async () => {
  const fakes = setup();
  const { access_token } = await obtainTokens(fakes);
  fakes.identities.all.clear();
  await expect(userInfo(fakes, `Bearer ${access_token}`)).rejects.toMatchObject({ error: 'invalid_token', reason: 'claims_unavailable' });
});

test('house.md: without a fresh revocation set UserInfo does not answer', async () => {
  const fakes = setup();
  const { access_token } = await obtainTokens(fakes);
  fakes.revocations.stale = true;
  await expect(userInfo(fakes, `Bearer ${access_token}`)).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'revocations_stale' });
});
