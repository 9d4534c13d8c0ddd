import { testIssuer } from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { metadata, registries } from './metadata.ts';

const policy = {
  scopes: ['openid'],
  claims: ['sub'],
  algorithms: ['RS256', 'ES256'] as const,
  acrValues: ['urn:authority:pwd'],
  uiLocales: ['en'],
  registration: true,
  frontchannelLogout: false,
  sessionManagement: false,
  pushedRequestsRequired: false,
  signedRequestObjectsRequired: false,
};

const confidential = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
];

test('RFC 8414 §3.2: a list that is empty is left out', () => {
  const document = metadata(
    testIssuer,
    { ...registries, encryptionAlgorithms: [] },
    { ...policy, uiLocales: [], acrValues: [], claims: [] },
  );
  for (const name of ['ui_locales', 'acr_values', 'claims', 'id_token_encryption_alg_values'])
    expect(document).not.toHaveProperty(`${name}_supported`);
  expect(Object.values(document)).not.toContainEqual([]);
});

test('RFC 8705 §5: aliases of the endpoints that clients call, below the issuer’s path, where they have an address of their own', () => {
  const { mtls_endpoint_aliases: aliases } = metadata(`${testIssuer}/tenant`, registries, {
    ...policy,
    mtlsOrigin: 'https://mtls.test:8443',
  });
  expect(aliases).toEqual({
    token_endpoint: 'https://mtls.test:8443/tenant/oauth2/token',
    revocation_endpoint: 'https://mtls.test:8443/tenant/oauth2/revoke',
    introspection_endpoint: 'https://mtls.test:8443/tenant/oauth2/introspect',
    userinfo_endpoint: 'https://mtls.test:8443/tenant/oauth2/userinfo',
    pushed_authorization_request_endpoint: 'https://mtls.test:8443/tenant/oauth2/par',
    device_authorization_endpoint: 'https://mtls.test:8443/tenant/oauth2/device_authorization',
  });
  expect(metadata(testIssuer, registries, policy)).not.toHaveProperty('mtls_endpoint_aliases');
});

test('RFC 8414 §2: metadata says what the tables say', () => {
  expect(metadata(testIssuer, registries, policy)).toMatchObject({
    issuer: testIssuer,
    authorization_endpoint: `${testIssuer}/oauth2/authorize`,
    token_endpoint: `${testIssuer}/oauth2/token`,
    jwks_uri: `${testIssuer}/.well-known/jwks.json`,
    registration_endpoint: `${testIssuer}/oauth2/register`,
    grant_types_supported: [
      ...['authorization_code', 'client_credentials', 'password', 'refresh_token'],
      'urn:ietf:params:oauth:grant-type:device_code',
      ...['urn:ietf:params:oauth:grant-type:jwt-bearer', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      'implicit',
    ],
    response_types_supported: ['code', 'id_token', 'token', 'id_token token', 'code id_token', 'code token', 'code id_token token', 'none'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: [...confidential, 'none'],
    introspection_endpoint_auth_methods_supported: confidential,
    authorization_response_iss_parameter_supported: true,
  });
});

test('OpenID Connect Discovery §3: what is required is there, and how requests may come', () => {
  const document = metadata(testIssuer, registries, { ...policy, registration: false });
  expect(document).toMatchObject({
    subject_types_supported: ['public', 'pairwise'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256'],
    request_parameter_supported: true,
    request_uri_parameter_supported: true,
    require_request_uri_registration: true,
    claims_parameter_supported: true,
    acr_values_supported: ['urn:authority:pwd'],
    prompt_values_supported: ['none', 'login', 'consent', 'select_account', 'create'],
  });
  expect(document).not.toHaveProperty('registration_endpoint');
});

test('style.md 12: a new grant is in discovery without another line', () => {
  const grant = { type: 'urn:example:new', parameters: [], lane: 'cpu', authorize: () => Promise.reject(new Error('unused')) } as const;
  const document = metadata(testIssuer, { ...registries, grants: [grant] }, policy);
  expect(document['grant_types_supported']).toEqual(['urn:example:new', 'implicit']);
});

test('contract.md: an issuer with a path has everything below it', () => {
  expect(metadata(`${testIssuer}/tenant`, registries, policy)).toMatchObject({ token_endpoint: `${testIssuer}/tenant/oauth2/token` });
});

test('RFC 8628 §4: the device authorization endpoint', () => {
  expect(metadata(testIssuer, registries, policy)).toMatchObject({
    device_authorization_endpoint: `${testIssuer}/oauth2/device_authorization`,
  });
});

test('Front-Channel Logout §3, Session Management §3.3: told of while they are on', () => {
  expect(metadata(testIssuer, registries, policy)).toMatchObject({ frontchannel_logout_supported: false });
  expect(metadata(testIssuer, registries, policy)).not.toHaveProperty('check_session_iframe');
  expect(metadata(testIssuer, registries, { ...policy, frontchannelLogout: true, sessionManagement: true })).toMatchObject({
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
    check_session_iframe: `${testIssuer}/oauth2/check-session`,
  });
});
