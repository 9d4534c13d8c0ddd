import { createHash } from 'node:crypto';
import {
  authorize,
  authorizationRequest,
  basic,
  claimsOf,
  client,
  codeRequest,
  DpopKey,
  endpointRequest,
  evidence,
  hash,
  obtainCode,
  type Pairs,
  parametersOf,
  type ProofChanges,
  type ProtocolFakes,
  protocolFakes,
  publicClient,
  secret,
  signIn,
  sub,
  testIssuer,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createIntrospectionEndpoint } from '../endpoints/introspection.ts';
import { createTokenEndpoint } from '../endpoints/token.ts';
import { createUserInfoEndpoint } from '../endpoints/user-info.ts';
import type { Client } from '../model/client.ts';
import type { Evidence } from '../model/request.ts';

const url = `${testIssuer}/oauth2/token`;
const userInfoUrl = `${testIssuer}/oauth2/userinfo`;
const [key, thief] = [new DpopKey(), new DpopKey()];
const native = { client_id: 'native', scope: 'openid offline_access orders.read' };
const [certificate, stolen] = [Buffer.from('a certificate'), Buffer.from('another certificate')];
const thumbprint = createHash('sha256').update(certificate).digest('base64url');

function setup(changes: Partial<Client> = {}): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client(changes), secret);
  fakes.clients.add(publicClient(changes));
  fakes.identities.all.set(sub, { sub, name: 'Ada' });
  return fakes;
}

function proof(fakes: ProtocolFakes, by: DpopKey, htu = url, { claims = {}, ...more }: ProofChanges = {}): string {
  const nonce = fakes.dpopNonces.make(fakes.clock.now);
  return by.proof(htu === url ? 'POST' : 'GET', htu, { claims: { nonce, ...claims }, ...more });
}

/** A token request with what the edge saw. */
function exchange(fakes: ProtocolFakes, pairs: Pairs, seen: Partial<Evidence> = {}, authorization = '') {
  const request = { ...endpointRequest(pairs, authorization), evidence: evidence({ url, ...seen }) };
  return createTokenEndpoint(fakes).exchange(request, fakes.clock.now);
}

const machine = (fakes: ProtocolFakes, seen: Partial<Evidence> = {}) =>
  exchange(fakes, { grant_type: 'client_credentials' }, seen, basic('app', secret));

async function redeem(fakes: ProtocolFakes, by: DpopKey | undefined, asked: Pairs = {}) {
  const code = await obtainCode(fakes, { ...native, ...asked });
  return exchange(fakes, codeRequest(code, { client_id: 'native' }), by && { dpop: proof(fakes, by) });
}

const refresh = (fakes: ProtocolFakes, refresh_token: string, by: DpopKey | undefined, more: Pairs = { client_id: 'native' }, by2 = '') =>
  exchange(fakes, { grant_type: 'refresh_token', refresh_token, ...more }, by && { dpop: proof(fakes, by) }, by2);

function userInfo(fakes: ProtocolFakes, authorization: string, seen: Partial<Evidence> = {}) {
  const request = { ...endpointRequest({}, authorization), evidence: evidence({ url: userInfoUrl, method: 'GET', ...seen }) };
  return createUserInfoEndpoint(fakes).userInfo(request, fakes.clock.now);
}

test('RFC 9449 §5: a proof binds the access token to its key, and the answer brings the next nonce', async () => {
  const fakes = setup();
  const answer = await machine(fakes, { dpop: proof(fakes, key) });
  expect(answer).toMatchObject({ token_type: 'DPoP', dpop_nonce: fakes.dpopNonces.make(fakes.clock.now) });
  expect(claimsOf(answer.access_token)['cnf']).toEqual({ jkt: key.jkt });
  const bearer = await machine(fakes);
  expect(bearer).toMatchObject({ token_type: 'Bearer', dpop_nonce: '' });
  expect(claimsOf(bearer.access_token)).not.toHaveProperty('cnf');
});

test('RFC 9449 §5.2: a client that is registered for proofs gets no token without one', async () => {
  const fakes = setup({ dpop_bound_access_tokens: true });
  await expect(machine(fakes)).rejects.toMatchObject({ error: 'invalid_dpop_proof', reason: 'dpop_proof_missing' });
  expect(await machine(fakes, { dpop: proof(fakes, key) })).toMatchObject({ token_type: 'DPoP' });
});

test('RFC 9449 §5.2: nor from the authorization endpoint, where nobody shows a key', async () => {
  const types = { response_types: ['code', 'id_token token'], grant_types: ['authorization_code', 'implicit'] };
  for (const bound of [{ dpop_bound_access_tokens: true }, { tls_client_certificate_bound_access_tokens: true }]) {
    const fakes = setup({ ...types, ...bound });
    const parameters = parametersOf(authorizationRequest({ response_type: 'id_token token', nonce: 'n' }));
    const outcome = await authorize(fakes, { parameters, session: signIn(fakes) });
    expect(outcome).toMatchObject({ $case: 'respond', value: { reason: 'response_type_not_allowed' } });
  }
});

test('RFC 9449 §8: a proof that lacks the nonce uses up no code', async () => {
  const fakes = setup();
  const code = await obtainCode(fakes, native);
  const pairs = codeRequest(code, { client_id: 'native' });
  const dpop = proof(fakes, key, url, { claims: { nonce: undefined } });
  await expect(exchange(fakes, pairs, { dpop })).rejects.toMatchObject({ error: 'use_dpop_nonce' });
  await expect(exchange(fakes, pairs, { dpop: proof(fakes, key) })).resolves.toMatchObject({ token_type: 'DPoP' });
});

test('RFC 9449 §8.2: a refusal for another reason brings a nonce as well', async () => {
  const fakes = setup();
  const refused = exchange(fakes, codeRequest('no code', { client_id: 'native' }), { dpop: proof(fakes, key) });
  await expect(refused).rejects.toMatchObject({ error: 'invalid_grant', dpopNonce: fakes.dpopNonces.make(fakes.clock.now) });
});

test('RFC 9449 §10: a code for a key is redeemed with that key only', async () => {
  const fakes = setup();
  const asked = { dpop_jkt: key.jkt };
  const refused = { error: 'invalid_grant', reason: 'code_of_other_key' };
  await expect(redeem(fakes, undefined, asked)).rejects.toMatchObject(refused);
  await expect(redeem(fakes, thief, asked)).rejects.toMatchObject(refused);
  expect(await redeem(fakes, key, asked)).toMatchObject({ token_type: 'DPoP' });
});

test('RFC 9449 §10: the wrong key does not use the code up', async () => {
  const fakes = setup();
  const code = await obtainCode(fakes, { ...native, dpop_jkt: key.jkt });
  const pairs = codeRequest(code, { client_id: 'native' });
  await expect(exchange(fakes, pairs, { dpop: proof(fakes, thief) })).rejects.toMatchObject({ reason: 'code_of_other_key' });
  await expect(exchange(fakes, pairs, { dpop: proof(fakes, key) })).resolves.toMatchObject({ token_type: 'DPoP' });
});

test('RFC 9449 §10: a dpop_jkt that is no thumbprint is invalid_request', async () => {
  const fakes = setup();
  for (const dpop_jkt of ['x', `${key.jkt}=`, key.jkt.replaceAll('-', '+')].filter((one) => one !== key.jkt)) {
    const outcome = await authorize(fakes, { parameters: parametersOf(authorizationRequest({ dpop_jkt })), session: signIn(fakes) });
    expect(outcome).toMatchObject({ $case: 'respond', value: { reason: 'parameter_invalid' } });
  }
});

test('RFC 9449 §5: the refresh token of a public client is bound to the key', async () => {
  for (const refreshTokenRotation of ['default', 'never'] as const) {
    const fakes = setup({ refreshTokenRotation });
    const { refresh_token } = await redeem(fakes, key);
    const refused = { error: 'invalid_grant', reason: 'refresh_token_of_other_key' };
    await expect(refresh(fakes, refresh_token, undefined)).rejects.toMatchObject(refused);
    await expect(refresh(fakes, refresh_token, thief)).rejects.toMatchObject(refused);
    expect(fakes.grants.steps).toBe(0);
    const next = await refresh(fakes, refresh_token, key);
    expect(next.token_type).toBe('DPoP');
    await expect(refresh(fakes, next.refresh_token, thief)).rejects.toMatchObject(refused);
  }
});

test('RFC 9449 §5: a public client that begins to show a key is bound to it from then on', async () => {
  const fakes = setup();
  const { refresh_token } = await redeem(fakes, undefined);
  const next = await refresh(fakes, refresh_token, key);
  await expect(refresh(fakes, next.refresh_token, undefined)).rejects.toMatchObject({ reason: 'refresh_token_of_other_key' });
  await expect(refresh(fakes, next.refresh_token, key)).resolves.toMatchObject({ token_type: 'DPoP' });
});

test('RFC 9449 §5: of other clients it is bound to their authentication, and the key may change', async () => {
  const fakes = setup();
  const code = await obtainCode(fakes, { scope: 'openid offline_access' });
  const first = await exchange(fakes, codeRequest(code), { dpop: proof(fakes, key) }, basic('app', secret));
  const second = await refresh(fakes, first.refresh_token, thief, {}, basic('app', secret));
  expect(claimsOf(second.access_token)['cnf']).toEqual({ jkt: thief.jkt });
});

test('RFC 9449 §7.1: UserInfo wants the token under DPoP, with a proof that names it', async () => {
  const fakes = setup();
  const { access_token } = await redeem(fakes, key);
  const claims = { ath: hash(access_token) };
  const answer = await userInfo(fakes, `DPoP ${access_token}`, { dpop: proof(fakes, key, userInfoUrl, { claims }) });
  expect(JSON.parse(answer.body)).toMatchObject({ sub });
  expect(answer.dpop_nonce).not.toBe('');
});

test('RFC 9449 §7.2: a bound token is no bearer token', async () => {
  const fakes = setup();
  const { access_token } = await redeem(fakes, key);
  const dpop = proof(fakes, key, userInfoUrl, { claims: { ath: hash(access_token) } });
  for (const seen of [{}, { dpop }]) {
    const refused = userInfo(fakes, `Bearer ${access_token}`, seen);
    await expect(refused).rejects.toMatchObject({ error: 'invalid_token', reason: 'token_binding_missing' });
    await expect(refused).rejects.toMatchObject({ challenge: expect.stringMatching(/^DPoP .*error="invalid_token".*algs="ES256 /) });
  }
});

test('RFC 9449 §7.1: the token of one key with the proof of another is refused', async () => {
  const fakes = setup();
  const { access_token } = await redeem(fakes, key);
  const presented = (by: DpopKey, claims = {}) =>
    userInfo(fakes, `DPoP ${access_token}`, { dpop: proof(fakes, by, userInfoUrl, { claims: { ath: hash(access_token), ...claims } }) });
  await expect(presented(thief)).rejects.toMatchObject({ error: 'invalid_token', reason: 'token_of_other_key' });
  await expect(presented(key, { ath: hash('another') })).rejects.toMatchObject({
    ...{ error: 'invalid_dpop_proof', reason: 'dpop_proof_of_other_token' },
    challenge: expect.stringContaining('DPoP realm="authority", error="invalid_dpop_proof"'),
  });
  await expect(presented(key, { nonce: undefined })).rejects.toMatchObject({ error: 'use_dpop_nonce', dpopNonce: expect.any(String) });
  await expect(userInfo(fakes, `DPoP ${access_token}`)).rejects.toMatchObject({ error: 'invalid_token', reason: 'dpop_proof_missing' });
});

test('RFC 9449 §7.1: a bearer token under DPoP is refused', async () => {
  const fakes = setup();
  const { access_token } = await redeem(fakes, undefined);
  const dpop = proof(fakes, key, userInfoUrl, { claims: { ath: hash(access_token) } });
  await expect(userInfo(fakes, `DPoP ${access_token}`, { dpop })).rejects.toMatchObject({ reason: 'token_binding_missing' });
});

test('RFC 9449 §6.2: introspection tells the key, and that the token is no bearer token', async () => {
  const fakes = setup();
  const { access_token } = await machine(fakes, { dpop: proof(fakes, key) });
  const asked = endpointRequest({ token: access_token }, basic('app', secret));
  const answer = await createIntrospectionEndpoint(fakes).introspect(asked, fakes.clock.now);
  expect(answer).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: key.jkt } });
});

test('RFC 8705 §3.1: the token is bound to the certificate of the connection', async () => {
  const fakes = setup({ tls_client_certificate_bound_access_tokens: true });
  const { access_token, token_type } = await machine(fakes, { tls_client_certificate: certificate });
  expect(token_type).toBe('Bearer');
  expect(claimsOf(access_token)['cnf']).toEqual({ 'x5t#S256': thumbprint });
  await expect(machine(fakes)).rejects.toMatchObject({ error: 'invalid_request', reason: 'client_certificate_missing' });
});

test('RFC 8705 §3: a certificate of a client that did not register for it binds nothing', async () => {
  const { access_token } = await machine(setup(), { tls_client_certificate: certificate });
  expect(claimsOf(access_token)).not.toHaveProperty('cnf');
});

test('RFC 8705 §3: UserInfo wants the same certificate', async () => {
  const fakes = setup({ tls_client_certificate_bound_access_tokens: true });
  const code = await obtainCode(fakes, native);
  const { access_token } = await exchange(fakes, codeRequest(code, { client_id: 'native' }), { tls_client_certificate: certificate });
  await expect(userInfo(fakes, `Bearer ${access_token}`, { tls_client_certificate: certificate })).resolves.toBeDefined();
  for (const tls_client_certificate of [new Uint8Array(), stolen]) {
    const refused = userInfo(fakes, `Bearer ${access_token}`, { tls_client_certificate });
    await expect(refused).rejects.toMatchObject({ error: 'invalid_token', reason: 'token_of_other_key' });
  }
});

test('RFC 8705 §4: the refresh token of a public client is bound to its certificate', async () => {
  const fakes = setup({ tls_client_certificate_bound_access_tokens: true });
  const code = await obtainCode(fakes, native);
  const seen = { tls_client_certificate: certificate };
  const { refresh_token } = await exchange(fakes, codeRequest(code, { client_id: 'native' }), seen);
  const again = (tls_client_certificate: Uint8Array) =>
    exchange(fakes, { grant_type: 'refresh_token', refresh_token, client_id: 'native' }, { tls_client_certificate });
  await expect(again(stolen)).rejects.toMatchObject({ error: 'invalid_grant', reason: 'refresh_token_of_other_key' });
  await expect(again(certificate)).resolves.toMatchObject({ token_type: 'Bearer' });
});

test('RFC 9449, RFC 8705: bound to both, a token needs both', async () => {
  const fakes = setup({ tls_client_certificate_bound_access_tokens: true });
  const code = await obtainCode(fakes, native);
  const seen = { tls_client_certificate: certificate, dpop: proof(fakes, key) };
  const { access_token } = await exchange(fakes, codeRequest(code, { client_id: 'native' }), seen);
  expect(claimsOf(access_token)['cnf']).toEqual({ 'x5t#S256': thumbprint, jkt: key.jkt });
  const shown = () => ({ dpop: proof(fakes, key, userInfoUrl, { claims: { ath: hash(access_token) } }) });
  await expect(userInfo(fakes, `DPoP ${access_token}`, shown())).rejects.toMatchObject({ reason: 'token_of_other_key' });
  const both = userInfo(fakes, `DPoP ${access_token}`, { ...shown(), tls_client_certificate: certificate });
  await expect(both).resolves.toBeDefined();
});

test('performance.md: a request with a proof is of the store lane, whatever its grant', () => {
  const { lane } = createTokenEndpoint(setup());
  const request = endpointRequest({ grant_type: 'client_credentials' });
  expect(lane(request)).toBe('cpu');
  expect(lane({ ...request, evidence: evidence({ dpop: 'a proof' }) })).toBe('store');
});
