import { createPublicKey } from 'node:crypto';
import { FakeSectorIdentifiers, testKeys } from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import type { RegistrationPolicy } from '../model/registration.ts';
import { validateRegistration } from './client-metadata.ts';
import { openRegistrationPolicy, operatorRegistrationPolicy } from './policy.ts';
import { assertSectorIdentifier } from './subject-type.ts';

/* Metadata by which a client binds tokens, signs requests, has answers encrypted, hears of logouts and hides subjects. */

const redirect_uris = ['https://app.example.test/callback'];
const publicKey = createPublicKey({ key: { ...testKeys.clientES256 }, format: 'jwk' }).export({ format: 'jwk' });
const jwks = { keys: [publicKey] };

const validate = (metadata: object, policy: RegistrationPolicy = openRegistrationPolicy) =>
  validateRegistration({ redirect_uris, ...metadata }, policy);

test.each<[string, object]>([
  ['RFC 9449 §5.2: DPoP', { dpop_bound_access_tokens: true }],
  ['RFC 8705 §3.4: certificate-bound tokens', { tls_client_certificate_bound_access_tokens: true }],
  ['RFC 9126 §6: pushed requests only', { require_pushed_authorization_requests: true }],
  ['RFC 9101 §10.5: signed requests only', { require_signed_request_object: true, request_object_signing_alg: 'PS256' }],
  ['OpenID Connect Registration §2: request_uris', { request_uris: ['https://app.example.test/request.jwt#GkurKxf5T0Y'] }],
  ['OpenID Connect Registration §2: pairwise subjects', { subject_type: 'pairwise' }],
  ['RFC 7591 §2: software', { software_id: 'shop', software_version: '2.1' }],
  ['OpenID Connect Core §4: initiate_login_uri', { initiate_login_uri: 'https://app.example.test/begin' }],
  ['OpenID Connect Core §5.3.2: signed UserInfo', { userinfo_signed_response_alg: 'ES256' }],
  ['RFC 9701 §6: signed introspection', { introspection_signed_response_alg: 'RS256' }],
  ['Back-Channel Logout §2.2', { backchannel_logout_uri: 'https://app.example.test/logout', backchannel_logout_session_required: true }],
  ['Front-Channel Logout §2', { frontchannel_logout_uri: 'https://app.example.test/logout', frontchannel_logout_session_required: true }],
  [
    'OpenID Connect Registration §2: encrypted ID Tokens',
    { jwks, id_token_encrypted_response_alg: 'ECDH-ES', id_token_encrypted_response_enc: 'A256GCM' },
  ],
  [
    'OpenID Connect Registration §2: keys at jwks_uri',
    {
      jwks_uri: 'https://app.example.test/jwks',
      ...{ userinfo_encrypted_response_alg: 'RSA-OAEP-256', userinfo_encrypted_response_enc: 'A128GCM' },
    },
  ],
  [
    'RFC 7523 §2.2: the algorithm of assertions',
    { jwks, token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256' },
  ],
])('%s is registered as given', (_what, metadata) => {
  expect(validate(metadata)).toMatchObject(metadata);
});

test.each<[string, object]>([
  [
    'RFC 8725 §3.2: assertions without a signature',
    { jwks, token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'none' },
  ],
  ['RFC 7523 §2.2: assertions by HMAC', { jwks, token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'HS256' }],
  ['RFC 8725 §3.2: requests without a signature', { request_object_signing_alg: 'none' }],
  ['RFC 8725 §3.2: UserInfo without a signature', { userinfo_signed_response_alg: 'none' }],
  ['RFC 9101 §10.5: a flag as text', { require_signed_request_object: 'yes' }],
  ['OpenID Connect Registration §2: a request_uri over http', { request_uris: ['http://app.example.test/r'] }],
  ['OpenID Connect Registration §2: an endless request_uri', { request_uris: [`https://app.example.test/${'r'.repeat(512)}`] }],
  ['OpenID Connect Registration §2: a request_uri with credentials', { request_uris: ['https://a:b@app.example.test/r'] }],
  ['OpenID Connect Core §8: an unknown subject_type', { subject_type: 'secret' }],
  [
    'OpenID Connect Core §8.1: pairwise over two hosts',
    { subject_type: 'pairwise', redirect_uris: [...redirect_uris, 'https://other.example.test/cb'] },
  ],
  [
    'OpenID Connect Core §8.1: pairwise without a host',
    { subject_type: 'pairwise', application_type: 'native', redirect_uris: ['com.example:/cb'] },
  ],
  [
    'OpenID Connect Core §8.1: pairwise with a host that a private-use scheme only says it has',
    { subject_type: 'pairwise', application_type: 'native', redirect_uris: ['com.example://app.example.test/cb'] },
  ],
  [
    'OpenID Connect Core §8.1: pairwise for devices, which no redirect URI proves',
    { subject_type: 'pairwise', grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'] },
  ],
  ['OpenID Connect Registration §5: a sector over http', { sector_identifier_uri: 'http://app.example.test/sector' }],
  ['OpenID Connect Core §4: initiate_login_uri over http', { initiate_login_uri: 'http://app.example.test/begin' }],
  ['Back-Channel Logout §2.2: a fragment', { backchannel_logout_uri: 'https://app.example.test/logout#x' }],
  ['Back-Channel Logout §2.2: over http', { backchannel_logout_uri: 'http://app.example.test/logout' }],
  ['Front-Channel Logout §2: a page of somebody else', { frontchannel_logout_uri: 'https://other.example.test/logout' }],
  ['Front-Channel Logout §2: another port', { frontchannel_logout_uri: 'https://app.example.test:8443/logout' }],
  ['OpenID Connect Registration §2: encryption without keys', { id_token_encrypted_response_alg: 'ECDH-ES' }],
  ['OpenID Connect Registration §2: enc without alg', { jwks, id_token_encrypted_response_enc: 'A128GCM' }],
  ['RFC 7518 §4: no key of the algorithm', { jwks, id_token_encrypted_response_alg: 'RSA-OAEP-256' }],
  [
    'RFC 7517 §4.2: a key for signatures alone',
    { jwks: { keys: [{ ...publicKey, use: 'sig' }] }, userinfo_encrypted_response_alg: 'ECDH-ES' },
  ],
  ['RFC 8725 §3.2: RSA1_5', { jwks, introspection_encrypted_response_alg: 'RSA1_5' }],
  ['RFC 7518 §4.5: dir', { jwks, id_token_encrypted_response_alg: 'dir' }],
  ['RFC 7518 §4.4: A128KW', { jwks, id_token_encrypted_response_alg: 'A128KW' }],
  ['RFC 7518 §4.8: PBES2', { jwks, id_token_encrypted_response_alg: 'PBES2-HS256+A128KW' }],
  ['RFC 7518 §5: an unknown enc', { jwks, id_token_encrypted_response_alg: 'ECDH-ES', id_token_encrypted_response_enc: 'A192GCM' }],
])('%s is invalid_client_metadata', (_what, metadata) => {
  expect(() => validate(metadata)).toThrow(
    expect.objectContaining({ error: 'invalid_client_metadata', reason: 'client_metadata_invalid' }),
  );
});

test('OpenID Connect Registration §2: enc is A128CBC-HS256 where only alg is given', () => {
  expect(validate({ jwks, id_token_encrypted_response_alg: 'ECDH-ES+A128KW' })).toMatchObject({
    id_token_encrypted_response_enc: 'A128CBC-HS256',
  });
});

test('OpenID Connect Registration §5: the sector must publish every redirect URI', async () => {
  const sectors = new FakeSectorIdentifiers();
  const sector_identifier_uri = 'https://sector.example.test/uris.json';
  const registration = validate({ subject_type: 'pairwise', sector_identifier_uri });
  await expect(assertSectorIdentifier(registration, sectors)).rejects.toMatchObject({ error: 'invalid_client_metadata' });
  sectors.published.set(sector_identifier_uri, ['https://other.example.test/callback']);
  await expect(assertSectorIdentifier(registration, sectors)).rejects.toMatchObject({ error: 'invalid_client_metadata' });
  sectors.published.set(sector_identifier_uri, ['https://other.example.test/callback', ...redirect_uris]);
  await expect(assertSectorIdentifier(registration, sectors)).resolves.toBeUndefined();
});

test('OpenID Connect Registration §5: who has no redirect URI is in nobody’s sector', async () => {
  const sectors = new FakeSectorIdentifiers();
  const sector_identifier_uri = 'https://sector.example.test/uris.json';
  sectors.published.set(sector_identifier_uri, ['https://other.example.test/callback']);
  const device = { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'], subject_type: 'pairwise', sector_identifier_uri };
  const registration = validate({ ...device, redirect_uris: [] }, operatorRegistrationPolicy);
  await expect(assertSectorIdentifier(registration, sectors)).rejects.toMatchObject({ error: 'invalid_client_metadata' });
});

test('contract.md: the profile of a policy is the profile of its clients, and no client chooses one', () => {
  expect(validate({ profile: 'oauth2.1' })).not.toHaveProperty('profile');
  expect(validate({}, { ...openRegistrationPolicy, profile: 'oauth2.1' })).toMatchObject({ profile: 'oauth2.1' });
});
