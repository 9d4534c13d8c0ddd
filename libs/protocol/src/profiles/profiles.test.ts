import { createPublicKey } from 'node:crypto';
import {
  answerOf,
  authorizationRequest,
  authorize,
  basic,
  client,
  endpointRequest,
  exchange,
  type Pairs,
  parametersOf,
  type ProtocolFakes,
  protocolFakes,
  publicClient,
  redirect_uri,
  secret,
  testIssuer,
  testKeys,
} from '@authority/testing/protocol';
import { type JWK, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { authenticateClient } from '../client-authentication/index.ts';
import { metadata, registries } from '../endpoints/metadata.ts';
import type { Client, Profile } from '../model/client.ts';
import { collectStrictly } from '../primitives/parameters.ts';
import { validateRegistration } from '../registration/client-metadata.ts';
import { openRegistrationPolicy, operatorRegistrationPolicy } from '../registration/policy.ts';
import { assertClientFits, assertTokenRequestFits, codeLifetimeUnder, rulesFor, rulesOf, stricter, underProfile } from './index.ts';

const publicKey = createPublicKey({ key: { ...testKeys.clientES256 }, format: 'jwk' }).export({ format: 'jwk' });
const jwks = { keys: [{ ...publicKey }] };

/** A client that the FAPI profile takes. */
const strict = (changes: Partial<Client> = {}): Client =>
  client({ token_endpoint_auth_method: 'private_key_jwt', jwks, id_token_signed_response_alg: 'ES256', ...changes });

const setup = (one: Client, serverProfile?: Profile): ProtocolFakes => {
  const fakes = protocolFakes();
  fakes.clients.add(one, secret);
  fakes.policy.serverProfile = serverProfile;
  return fakes;
};

const told = async (fakes: ProtocolFakes, changes: Pairs = {}) =>
  answerOf(await authorize(fakes, { parameters: parametersOf(authorizationRequest(changes)) }));

test.each<[string, Profile, Partial<Client>]>([
  ['OAuth 2.1 §10: the implicit grant', 'oauth2.1', { grant_types: ['authorization_code', 'implicit'] }],
  ['OAuth 2.1 §10: the password grant', 'oauth2.1', { grant_types: ['password'] }],
  ['OAuth 2.1 §4.1.1: hybrid response types', 'oauth2.1', { response_types: ['code', 'code id_token'] }],
  ['OAuth 2.1 §4.1.1: no PKCE', 'oauth2.1', { pkceOptional: true }],
  [
    'OAuth 2.1 §4.3.1: bearer refresh tokens of a public client that stay',
    'oauth2.1',
    { token_endpoint_auth_method: 'none', refreshTokenRotation: 'never' },
  ],
  ['RFC 10070: assertions for the token endpoint', 'oauth2.1', { legacyAssertionAudience: true }],
  ['FAPI 2.0 §5.3.2.1: public clients', 'fapi2-security', { token_endpoint_auth_method: 'none' }],
  ['FAPI 2.0 §5.3.2.1: client secrets', 'fapi2-security', { token_endpoint_auth_method: 'client_secret_basic' }],
  ['FAPI 2.0 §5.3.2.1: assertions by the secret', 'fapi2-security', { token_endpoint_auth_method: 'client_secret_jwt' }],
  ['FAPI 2.0 §5.3.2.1: refresh token rotation', 'fapi2-security', { refreshTokenRotation: 'always' }],
  ['FAPI 2.0 §5.3.2.1: the password grant', 'fapi2-security', { grant_types: ['password'] }],
  ['FAPI 2.0 §5.3.2.2: response types but code', 'fapi2-security', { response_types: ['id_token'] }],
  ['FAPI 2.0 §5.3.2.2: http', 'fapi2-security', { redirect_uris: ['http://127.0.0.1/cb'] }],
  ['FAPI 2.0 §5.4.1: RS256 ID Tokens', 'fapi2-security', { id_token_signed_response_alg: 'RS256' }],
  ['FAPI 2.0 §5.4.1: RS256 assertions', 'fapi2-security', { token_endpoint_auth_signing_alg: 'RS256' }],
  ['FAPI 2.0 §5.4.1: RS256 request objects', 'fapi2-security', { request_object_signing_alg: 'RS256' }],
])('%s are not registered', (_what, profile, changes) => {
  const rules = rulesOf(profile);
  expect(() => assertClientFits(strict(), rules)).not.toThrow();
  expect(() => assertClientFits(strict(changes), rules)).toThrow(
    expect.objectContaining({ error: 'invalid_client_metadata', reason: 'profile_refused' }),
  );
});

test('FAPI 2.0 §5.3.2.2: a native app may be redirected to loopback', () => {
  const changes = { redirect_uris: ['http://127.0.0.1/cb'], application_type: 'native' } as const;
  expect(() => assertClientFits(strict(changes), rulesOf('fapi2-security'))).not.toThrow();
});

test('contract.md: of the client’s profile and the server’s the stricter holds', () => {
  expect(stricter('oauth2.1', 'fapi2-security')).toBe('fapi2-security');
  expect(stricter(undefined, 'oauth2.1')).toBe('oauth2.1');
  expect(stricter(undefined, undefined)).toBeUndefined();
  const server = { profile: (): Profile => 'fapi2-security' };
  expect(rulesFor(client({ profile: 'oauth2.1' }), server)?.name).toBe('fapi2-security');
  // Whoever sets a profile must be able to take it back.
  const machine = client({ operator: true, grant_types: ['client_credentials'] });
  expect(rulesFor(machine, server)).toBeUndefined();
  expect(rulesFor({ ...machine, profile: 'oauth2.1' }, server)?.name).toBe('oauth2.1');
  expect(rulesFor(client({ operator: true }), server)?.name).toBe('fapi2-security');
});

test('contract.md: registration is judged by the profile of its policy, which stays, and by the server’s, which does not', () => {
  const input = { redirect_uris: [redirect_uri], jwks };
  const policy = { ...openRegistrationPolicy, profile: 'fapi2-security' } as const;
  const given = { token_endpoint_auth_method: 'private_key_jwt', id_token_signed_response_alg: 'ES256' };
  expect(validateRegistration(input, policy)).toMatchObject({ ...given, profile: 'fapi2-security' });
  const byServer = validateRegistration(input, openRegistrationPolicy, 'fapi2-security');
  expect(byServer).toMatchObject(given);
  expect(byServer).not.toHaveProperty('profile');
  for (const weaker of [{ token_endpoint_auth_method: 'client_secret_basic' }, { id_token_signed_response_alg: 'RS256' }]) {
    expect(() => validateRegistration({ ...input, ...weaker }, policy)).toThrow(
      expect.objectContaining({ error: 'invalid_client_metadata' }),
    );
  }
  const implicit = { ...input, grant_types: ['implicit'], response_types: ['id_token'] };
  expect(() => validateRegistration(implicit, operatorRegistrationPolicy, 'oauth2.1')).toThrow(
    expect.objectContaining({ reason: 'profile_refused' }),
  );
});

test('OAuth 2.1 §4.1.1: what was conceded to a client before does not count under a profile', async () => {
  const fakes = setup(client({ pkceOptional: true }));
  await expect(
    authorize(fakes, { parameters: parametersOf(authorizationRequest({ code_challenge: undefined, code_challenge_method: undefined })) }),
  ).resolves.toMatchObject({ $case: 'interaction' });
  fakes.policy.serverProfile = 'oauth2.1';
  expect(await told(fakes, { code_challenge: undefined, code_challenge_method: undefined })).toMatchObject({
    reason: 'code_challenge_missing',
  });
  const one = client({ legacyAssertionAudience: true });
  const adapted = underProfile(one, rulesOf('oauth2.1'));
  expect(adapted).toMatchObject({ legacyAssertionAudience: false, refreshTokenRotation: 'default' });
  expect(underProfile(one, rulesOf('oauth2.1'))).toBe(adapted);
  expect(underProfile(publicClient({ refreshTokenRotation: 'never' }), rulesOf('oauth2.1')).refreshTokenRotation).toBe('always');
  const bound = publicClient({ refreshTokenRotation: 'never', dpop_bound_access_tokens: true });
  expect(underProfile(bound, rulesOf('oauth2.1')).refreshTokenRotation).toBe('never');
  const fapi = underProfile(client({ refreshTokenRotation: 'always' }), rulesOf('fapi2-security'));
  expect(fapi).toMatchObject({ refreshTokenRotation: 'never', require_pushed_authorization_requests: true });
});

test.each<[string, Profile, Partial<Client>, Pairs]>([
  [
    'OAuth 2.1 §4.1.1: hybrid response types',
    'oauth2.1',
    { response_types: ['code', 'code id_token'] },
    { response_type: 'code id_token', nonce: 'n' },
  ],
])('%s are refused at the authorization endpoint', async (_what, serverProfile, changes, request) => {
  const fakes = setup(strict({ grant_types: ['authorization_code', 'implicit'], ...changes }), serverProfile);
  expect(await told(fakes, request)).toMatchObject({ values: { error: 'invalid_request' }, reason: 'profile_refused' });
});

test('FAPI 2.0 §5.3.2.1: a client that authenticates by a secret is refused wherever it does', () => {
  const request = endpointRequest({}, basic('app', secret));
  const authenticate = (fakes: ProtocolFakes) => authenticateClient(request, collectStrictly(request.parameters), fakes, fakes.clock.now);
  expect(authenticate(setup(client()))).toMatchObject({ client_id: 'app' });
  for (const fakes of [setup(client(), 'fapi2-security'), setup(client({ profile: 'fapi2-security' }))]) {
    expect(() => authenticate(fakes)).toThrow(expect.objectContaining({ error: 'invalid_client', reason: 'profile_refused' }));
  }
  const machine = client({ operator: true, grant_types: ['client_credentials'] });
  expect(authenticate(setup(machine, 'fapi2-security'))).toMatchObject({ client_id: 'app' });
});

test('FAPI 2.0 §5.3.2.2: a request that was not pushed is refused, whatever the client registered', async () => {
  for (const fakes of [setup(strict(), 'fapi2-security'), setup(strict({ profile: 'fapi2-security' }))]) {
    expect(await told(fakes)).toMatchObject({ values: { error: 'invalid_request' }, reason: 'request_not_pushed' });
  }
});

const assertion = async (fakes: ProtocolFakes, claims: object = {}, alg = 'ES256', key: object = testKeys.clientES256) => {
  const now = Math.floor(fakes.clock.now / 1000);
  const all = { iss: 'app', sub: 'app', aud: testIssuer, jti: 'one', iat: now, exp: now + 60, ...claims };
  return {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await new SignJWT(all).setProtectedHeader({ alg }).sign({ ...key } as JWK),
  };
};

test('FAPI 2.0 §5.3.2.1: the audience of an assertion is the issuer as a string', async () => {
  const fakes = setup(strict({ profile: 'fapi2-security', legacyAssertionAudience: true }));
  for (const aud of [[testIssuer], `${testIssuer}/oauth2/token`]) {
    await expect(exchange(fakes, await assertion(fakes, { aud }), '')).rejects.toMatchObject({ reason: 'client_assertion_audience_wrong' });
  }
});

test('FAPI 2.0 §5.4.1: an assertion by RS256 is refused, by PS256 it is not', async () => {
  const rsa = createPublicKey({ key: { ...testKeys.clientRS256 }, format: 'jwk' }).export({ format: 'jwk' });
  const fakes = setup(strict({ profile: 'fapi2-security', jwks: { keys: [{ ...rsa }] } }));
  const signed = (alg: string) => assertion(fakes, {}, alg, testKeys.clientRS256);
  await expect(exchange(fakes, await signed('RS256'), '')).rejects.toMatchObject({ error: 'invalid_client', reason: 'profile_refused' });
  await expect(exchange(fakes, await signed('PS256'), '')).rejects.not.toMatchObject({ error: 'invalid_client' });
});

test('FAPI 2.0 §5.3.2.1: bearer tokens are refused before anything is used up', () => {
  const rules = rulesOf('fapi2-security');
  const request = { client: strict(), grantType: 'authorization_code', confirmation: undefined };
  expect(() => assertTokenRequestFits(request, rules)).toThrow(expect.objectContaining({ reason: 'profile_refused' }));
  expect(() => assertTokenRequestFits({ ...request, confirmation: { jkt: 'x' } }, rules)).not.toThrow();
  expect(() => assertTokenRequestFits({ ...request, confirmation: { jkt: 'x' }, grantType: 'password' }, rules)).toThrow();
  expect(() => assertTokenRequestFits(request, rulesOf('oauth2.1'))).not.toThrow();
});

test('FAPI 2.0 §5.3.2.1: a code lives a minute at most', () => {
  expect(codeLifetimeUnder(rulesOf('fapi2-security'), 600)).toBe(60);
  expect(codeLifetimeUnder(rulesOf('fapi2-security'), 30)).toBe(30);
  expect(codeLifetimeUnder(rulesOf('oauth2.1'), 600)).toBe(600);
});

test('RFC 8414 §2: what the server’s profile refuses is not in its metadata', () => {
  const policy = {
    scopes: [],
    claims: [],
    algorithms: ['RS256', 'ES256'] as const,
    acrValues: [],
    uiLocales: [],
    registration: true,
    pushedRequestsRequired: false,
    signedRequestObjectsRequired: false,
    frontchannelLogout: false,
    sessionManagement: false,
  };
  const fapi = metadata(testIssuer, registries, { ...policy, profile: 'fapi2-security' });
  expect(fapi).toMatchObject({ response_types_supported: ['code'], id_token_signing_alg_values_supported: ['ES256'] });
  expect(fapi['token_endpoint_auth_methods_supported']).toContain('private_key_jwt');
  expect(fapi['token_endpoint_auth_methods_supported']).not.toContain('none');
  expect(fapi['token_endpoint_auth_methods_supported']).not.toContain('client_secret_basic');
  expect(fapi['token_endpoint_auth_signing_alg_values_supported']).toEqual(['ES256', 'EdDSA', 'PS256']);
  expect(fapi).toMatchObject({
    require_pushed_authorization_requests: true,
    request_object_signing_alg_values_supported: ['ES256', 'EdDSA', 'PS256'],
  });
  expect(fapi['grant_types_supported']).not.toContain('implicit');
  const oauth21 = metadata(testIssuer, registries, { ...policy, profile: 'oauth2.1' });
  expect(oauth21).toMatchObject({ response_types_supported: ['code'], id_token_signing_alg_values_supported: ['RS256', 'ES256'] });
  expect(oauth21['token_endpoint_auth_methods_supported']).toContain('none');
});
