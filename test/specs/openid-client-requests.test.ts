import { type CreatedClient, Operator, Person, startOneProcess, type Suite } from '@authority/testing/suite';
import { type CryptoKey, exportJWK, generateKeyPair } from 'jose';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';
const redirect_uri = 'http://127.0.0.1:9/callback';

let suite: Suite;
let operator: Operator;
let app: CreatedClient;
let person: Person;
let sub: string;
let signing: CryptoKey;
let decryption: CryptoKey;
beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  const [one, other] = [await generateKeyPair('ES256', { extractable: true }), await generateKeyPair('ECDH-ES', { extractable: true })];
  signing = one.privateKey;
  decryption = other.privateKey;
  const keys = [
    { ...(await exportJWK(one.publicKey)), kid: 'sig', use: 'sig', alg: 'ES256' },
    { ...(await exportJWK(other.publicKey)), kid: 'enc', use: 'enc', alg: 'ECDH-ES' },
  ];
  app = await operator.createClient({
    redirect_uris: [redirect_uri],
    grant_types: ['authorization_code'],
    scope: 'openid profile',
    token_endpoint_auth_method: 'private_key_jwt',
    consent_skipped: true,
    jwks: JSON.stringify({ keys }),
    require_pushed_authorization_requests: true,
    require_signed_request_object: true,
    request_object_signing_alg: 'ES256',
    id_token_signed_response_alg: 'ES256',
    id_token_encrypted_response_alg: 'ECDH-ES',
    id_token_encrypted_response_enc: 'A256GCM',
    userinfo_signed_response_alg: 'ES256',
    userinfo_encrypted_response_alg: 'ECDH-ES',
    userinfo_encrypted_response_enc: 'A256GCM',
    introspection_signed_response_alg: 'ES256',
    introspection_encrypted_response_alg: 'ECDH-ES',
    introspection_encrypted_response_enc: 'A256GCM',
  });
  ({ sub } = await operator.createIdentity({ email: 'ada@example.com', password, name: 'Ada' }));
  person = new Person(suite.issuer, 'ada@example.com', password);
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

async function configuration(): Promise<openid.Configuration> {
  const metadata = {
    id_token_signed_response_alg: 'ES256',
    userinfo_signed_response_alg: 'ES256',
    introspection_signed_response_alg: 'ES256',
  };
  const authentication = openid.PrivateKeyJwt({ key: signing, kid: 'sig' });
  const config = await openid.discovery(new URL(suite.issuer), app.client_id, metadata, authentication, {
    execute: [openid.allowInsecureRequests],
  });
  openid.enableDecryptingResponses(config, ['A256GCM'], { key: decryption, alg: 'ECDH-ES', kid: 'enc' });
  return config;
}

describe('openid-client', () => {
  test('RFC 9126, RFC 9101, OpenID Connect Core §10.2: signs and pushes its request, and reads what is encrypted for it', async () => {
    const config = await configuration();
    const [verifier, state, nonce] = [openid.randomPKCECodeVerifier(), openid.randomState(), openid.randomNonce()];
    const signed = await openid.buildAuthorizationUrlWithJAR(
      config,
      {
        ...{ redirect_uri, scope: 'openid profile', state, nonce },
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      },
      { key: signing, kid: 'sig' },
    );
    const url = await openid.buildAuthorizationUrlWithPAR(config, signed.searchParams);
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);

    const arrived = await person.authorize(url);
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
    const tokens = await openid.authorizationCodeGrant(config, arrived, checks);
    expect(tokens.id_token?.split('.')).toHaveLength(5);
    expect(tokens.claims()).toMatchObject({ sub, aud: app.client_id });
    expect(await openid.fetchUserInfo(config, tokens.access_token, sub)).toMatchObject({ sub, name: 'Ada' });
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({ active: true, sub });
  });

  test('RFC 9126 §6, RFC 9101 §10.5: what such a client does not push, or not sign, is refused', async () => {
    const config = await configuration();
    const parameters = {
      ...{ redirect_uri, scope: 'openid', code_challenge_method: 'S256' },
      code_challenge: await openid.calculatePKCECodeChallenge(openid.randomPKCECodeVerifier()),
    };
    const arrived = await person.authorize(openid.buildAuthorizationUrl(config, parameters));
    expect(arrived.searchParams.get('error')).toBe('invalid_request');
    await expect(openid.buildAuthorizationUrlWithPAR(config, parameters)).rejects.toMatchObject({ error: 'invalid_request' });
  });
});
