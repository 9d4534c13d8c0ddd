import { createPublicKey } from 'node:crypto';
import { testKeys } from '@authority/testing/protocol';
import fc from 'fast-check';
import { OAuthError } from '@authority/errors';
import { expect, test } from 'vitest';
import { validateRegistration } from './client-metadata.ts';
import { openRegistrationPolicy, operatorRegistrationPolicy } from './policy.ts';

const redirect_uris = ['https://app.example.test/callback'];
const publicKey = createPublicKey({ key: { ...testKeys.clientES256 }, format: 'jwk' }).export({ format: 'jwk' });

const validate = (metadata: object, policy = openRegistrationPolicy) => validateRegistration({ redirect_uris, ...metadata }, policy);

test('RFC 7591 §2: defaults', () => {
  expect(validate({})).toEqual({
    redirect_uris,
    ...{
      application_type: 'web',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
    scopes: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'],
    ...{
      id_token_signed_response_alg: 'RS256',
      post_logout_redirect_uris: [],
      require_auth_time: false,
      default_acr_values: [],
      pkceOptional: false,
    },
  });
});

test('RFC 7591 §2: what is known is kept, what is not known is ignored', () => {
  const jwks = { keys: [publicKey] };
  const known = { jwks, default_max_age: 10, contacts: ['a@example.test'], tos_uri: 'https://app.example.test/tos', client_name: 'Käse' };
  const registration = validate({
    ...known,
    'client_name#de': 'x',
    operator: true,
    consentSkipped: true,
    pkceOptional: true,
    token_endpoint_auth_method: 'private_key_jwt',
  });
  expect(registration).toMatchObject(known);
  for (const name of ['client_name#de', 'operator', 'consentSkipped']) expect(registration).not.toHaveProperty([name]);
  expect(registration.pkceOptional).toBe(false);
});

test.each<[string, object]>([
  ['RFC 7591 §2: redirect_uris as a string', { redirect_uris: 'https://app.example.test' }],
  ['RFC 7591 §2: redirect_uris of numbers', { redirect_uris: [1] }],
  ['RFC 7591 §2: an unknown authentication method', { token_endpoint_auth_method: 'client_secret_dance' }],
  ['RFC 7591 §2: an unknown grant type', { grant_types: ['authorization_code', 'urn:nobody'] }],
  ['RFC 7591 §2: no grant type', { grant_types: [] }],
  ['RFC 7591 §2.1: a code grant without its response type', { grant_types: ['authorization_code'], response_types: [] }],
  ['RFC 7591 §2.1: a response type without its grant', { grant_types: ['client_credentials'], response_types: ['code'] }],
  ['RFC 7591 §2: an unknown response type', { response_types: ['code', 'magic'] }],
  ['RFC 7591 §2: a scope beyond the policy', { scope: 'openid orders.read' }],
  ['RFC 7591 §2: an operator scope', { scope: 'authority.admin' }],
  ['RFC 7591 §2: jwks and jwks_uri', { jwks: { keys: [publicKey] }, jwks_uri: 'https://app.example.test/jwks' }],
  ['RFC 7591 §2: a private key', { jwks: { keys: [testKeys.clientES256] } }],
  ['RFC 7591 §2: a symmetric key', { jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }],
  ['RFC 7591 §2: an incomplete key', { jwks: { keys: [{ kty: 'EC', crv: 'P-256' }] } }],
  ['RFC 7591 §2: an empty key set', { jwks: { keys: [] } }],
  ['RFC 7591 §2: jwks as text', { jwks: '{}' }],
  ['RFC 7591 §2: jwks_uri over http', { jwks_uri: 'http://app.example.test/jwks' }],
  ['RFC 7591 §2: private_key_jwt without keys', { token_endpoint_auth_method: 'private_key_jwt' }],
  ['RFC 7591 §5: a logo that runs', { logo_uri: 'javascript:alert(1)' }],
  ['RFC 7591 §5: a page as data', { policy_uri: 'data:text/html,x' }],
  ['RFC 7591 §5: a name with NUL', { client_name: 'a\0b' }],
  ['RFC 7591 §5: a name that turns the direction of writing', { client_name: 'Bank\u202eknaB' }],
  ['RFC 7591 §5: a name with what cannot be seen', { client_name: 'Ba\u200bnk' }],
  ['RFC 7591 §5: a name of two lines', { client_name: 'Bank\nby somebody' }],
  ['RFC 7591 §5: an endless name', { client_name: 'x'.repeat(201) }],
  ['RFC 6749 §4.4: client credentials without authentication', { grant_types: ['client_credentials'], token_endpoint_auth_method: 'none' }],
  ['RFC 6749 §1.5: refresh tokens without a grant that gives them', { grant_types: ['client_credentials', 'refresh_token'] }],
  ['OpenID Connect Registration §2: an unknown application_type', { application_type: 'desktop' }],
  ['OpenID Connect Registration §2: ID Tokens with alg none', { id_token_signed_response_alg: 'none' }],
  ['OpenID Connect Registration §2: ID Tokens by HMAC', { id_token_signed_response_alg: 'HS256' }],
  ['OpenID Connect Registration §2: a default_max_age of words', { default_max_age: '10' }],
  ['OpenID Connect Registration §2: a negative default_max_age', { default_max_age: -1 }],
  ['OpenID Connect Registration §2: require_auth_time as text', { require_auth_time: 'true' }],
  ['RP-Initiated Logout §3.1: a post-logout address with a fragment', { post_logout_redirect_uris: ['https://app.example.test/#x'] }],
  ['RFC 9700 §2.1.1: no PKCE for a public client', { require_pkce: false, token_endpoint_auth_method: 'none' }],
])('%s is invalid_client_metadata', (_what, metadata) => {
  const policy = { ...openRegistrationPolicy, allowNoPkce: true };
  expect(() => validate(metadata, policy)).toThrow(
    expect.objectContaining({ error: 'invalid_client_metadata', reason: 'client_metadata_invalid' }),
  );
});

test.each([undefined, null, [], 'x', 1])('RFC 7591 §3.1: metadata of %j is invalid_client_metadata', (metadata) => {
  expect(() => validateRegistration(metadata, openRegistrationPolicy)).toThrow(
    expect.objectContaining({ error: 'invalid_client_metadata' }),
  );
});

test('RFC 7591 §3.2.2: redirect URIs have an error of their own', () => {
  for (const uris of [undefined, [], ['http://app.example.test/'], ['https://app.example.test/#x']]) {
    expect(() => validate({ redirect_uris: uris })).toThrow(expect.objectContaining({ error: 'invalid_redirect_uri' }));
  }
  expect(validate({ redirect_uris: undefined, grant_types: ['client_credentials'] })).toMatchObject({
    redirect_uris: [],
    response_types: [],
  });
});

test('contract.md: a policy says what its clients may be', () => {
  const policy = { ...openRegistrationPolicy, scopes: ['openid', 'orders.read', 'authority.admin'], tokenEndpointAuthMethods: ['none'] };
  expect(validate({}, policy)).toMatchObject({ scopes: ['openid', 'orders.read'], token_endpoint_auth_method: 'none' });
  expect(validate({ scope: 'orders.read' }, policy)).toMatchObject({ scopes: ['orders.read'] });
  for (const metadata of [{ scope: 'profile' }, { scope: 'authority.admin' }, { token_endpoint_auth_method: 'client_secret_basic' }]) {
    expect(() => validate(metadata, policy)).toThrow(expect.objectContaining({ error: 'invalid_client_metadata' }));
  }
  expect(() => validate({ require_pkce: false })).toThrow(expect.objectContaining({ reason: 'registration_policy' }));
  expect(validate({ require_pkce: false }, { ...openRegistrationPolicy, allowNoPkce: true })).toMatchObject({ pkceOptional: true });
  expect(validate({ require_pkce: true })).toMatchObject({ pkceOptional: false });
});

test('contract.md: what the server does not have is not registered, whatever the policy', () => {
  for (const metadata of [
    { grant_types: ['urn:example:new'] },
    { response_types: ['code', 'device'] },
    { response_types: ['token code id'] },
  ]) {
    for (const policy of [openRegistrationPolicy, operatorRegistrationPolicy]) {
      expect(() => validate(metadata, policy)).toThrow(expect.objectContaining({ error: 'invalid_client_metadata' }));
    }
  }
});

test('contract.md: the operator may give any scope', () => {
  expect(validate({ scope: 'authority.admin orders.read' }, operatorRegistrationPolicy)).toMatchObject({
    scopes: ['authority.admin', 'orders.read'],
  });
});

test('RFC 7591 §3.2.2: whatever JSON comes is registered or refused, with a description in the RFC’s characters', () => {
  const names = [
    'redirect_uris',
    'grant_types',
    'scope',
    'jwks',
    'client_name',
    'logo_uri',
    'contacts',
    'default_max_age',
    'response_types',
    'request_uris',
    'subject_type',
    'sector_identifier_uri',
    'frontchannel_logout_uri',
    'id_token_encrypted_response_alg',
    'id_token_encrypted_response_enc',
    'dpop_bound_access_tokens',
    'token_endpoint_auth_method',
    'tls_client_auth_san_dns',
    '__proto__',
    'constructor',
  ];
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), (metadata) => {
      try {
        validateRegistration(metadata, openRegistrationPolicy);
      } catch (error) {
        expect(error).toBeInstanceOf(OAuthError);
        expect((error as OAuthError).description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
      }
    }),
    { numRuns: 300 },
  );
});

test('RFC 7591 §2.2: names and addresses in several languages are kept, and judged as those without a language', () => {
  const localized = { 'client_name#de': 'Laden', 'client_name#ja-Hani-JP': '店', 'tos_uri#fr': 'https://rp.example/fr/tos' };
  expect(validate({ ...localized, client_name: 'Shop', 'contacts#de': ['x'], 'client_name#it': '' })).toMatchObject({
    client_name: 'Shop',
    localized,
  });
  expect(validate({})).not.toHaveProperty('localized');
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`client_name#x-${at}`, 'x']));
  for (const wrong of [
    ...[
      { 'client_name#de': 'La\u202eden' },
      { 'tos_uri#de': 'javascript:alert(1)' },
      { 'client_name#de_AT': 'x' },
      { 'client_name#': 'x' },
    ],
    ...[{ 'client_name#de#at': 'x' }, { 'client_name#de': 5 }, many],
  ]) {
    expect(() => validate(wrong), JSON.stringify(wrong)).toThrow(expect.objectContaining({ error: 'invalid_client_metadata' }));
  }
});

test('RFC 8628 §5.4: an initial access token gives the device grant only where it says so, and none of an earlier release does', () => {
  const metadata = { grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'] };
  const { grantTypes: _, ...token } = openRegistrationPolicy;
  for (const policy of [token, { ...token, allowDevice: false }]) {
    expect(() => validate(metadata, policy)).toThrow(expect.objectContaining({ error: 'invalid_client_metadata' }));
  }
  expect(validate(metadata, { ...token, allowDevice: true })).toMatchObject(metadata);
});

test('contract.md: open registration has the strictest policy: no grant that leads past a redirect URI', () => {
  for (const type of ['urn:ietf:params:oauth:grant-type:device_code', 'urn:ietf:params:oauth:grant-type:token-exchange']) {
    const metadata = { grant_types: ['authorization_code', type] };
    expect(() => validate(metadata)).toThrow(expect.objectContaining({ error: 'invalid_client_metadata' }));
    const { grantTypes: _, ...token } = openRegistrationPolicy;
    expect(validate(metadata, { ...token, allowDevice: true })).toMatchObject({ grant_types: metadata.grant_types });
  }
});
