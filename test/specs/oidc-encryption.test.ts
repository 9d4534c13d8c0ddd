import { bearer, type CreatedClient, Operator, Person, RelyingParty, request, startOneProcess, type Suite } from '@authority/testing/suite';
import {
  compactDecrypt,
  createRemoteJWKSet,
  type CryptoKey,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JWK,
  jwtVerify,
} from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Host, startHost } from './request-objects/host.ts';

const password = 'violet tractor hums 42 lullabies';
const redirect_uri = 'http://127.0.0.1:9/callback';

let host: Host;
let suite: Suite;
let operator: Operator;
let person: Person;
let sub: string;
let keys: Record<'RSA-OAEP-256' | 'ECDH-ES', { privateKey: CryptoKey; jwk: JWK }>;
let jwks: string;
beforeAll(async () => {
  host = await startHost();
  suite = await startOneProcess({ env: host.env });
  operator = new Operator(suite);
  const make = async (alg: string) => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: alg, use: 'enc' } };
  };
  keys = { 'RSA-OAEP-256': await make('RSA-OAEP-256'), 'ECDH-ES': await make('ECDH-ES') };
  jwks = JSON.stringify({ keys: Object.values(keys).map(({ jwk }) => jwk) });
  ({ sub } = await operator.createIdentity({ email: 'ada@example.com', password, name: 'Ada' }));
  person = new Person(suite.issuer, 'ada@example.com', password);
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
  await host?.close();
});

type ClientFields = Parameters<Operator['createClient']>[0];
const register = (more: ClientFields): Promise<CreatedClient> =>
  operator.createClient({
    redirect_uris: [redirect_uri],
    grant_types: ['authorization_code'],
    scope: 'openid profile email',
    consent_skipped: true,
    ...more,
  });
const party = (client: CreatedClient): RelyingParty => new RelyingParty(suite.issuer, client, 'openid profile');
const open = async (jwe: string) => {
  const { alg } = decodeProtectedHeader(jwe);
  const { plaintext, protectedHeader } = await compactDecrypt(jwe, keys[alg === 'RSA-OAEP-256' ? alg : 'ECDH-ES'].privateKey);
  return { header: protectedHeader, text: new TextDecoder().decode(plaintext) };
};
const verified = (jwt: string, audience: string) =>
  jwtVerify(jwt, createRemoteJWKSet(new URL(`${suite.issuer}/.well-known/jwks.json`)), { issuer: suite.issuer, audience });

describe('OpenID Connect Core §10.2: encryption', () => {
  test('OpenID Connect Discovery §3: the metadata says what there is', async () => {
    const metadata = (await request(`${suite.issuer}/.well-known/openid-configuration`)).json();
    for (const what of ['id_token', 'userinfo', 'request_object']) {
      expect(metadata[`${what}_encryption_alg_values_supported`]).toEqual(['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW']);
      expect(metadata[`${what}_encryption_enc_values_supported`]).toContain('A128CBC-HS256');
    }
    expect(metadata['userinfo_signing_alg_values_supported']).toEqual(expect.arrayContaining(['RS256', 'PS256', 'ES256', 'EdDSA']));
  });

  test.each([
    ['RSA-OAEP-256', undefined],
    ['RSA-OAEP-256', 'A256GCM'],
    ['ECDH-ES', 'A128GCM'],
    ['ECDH-ES+A128KW', 'A256CBC-HS512'],
    ['ECDH-ES+A256KW', 'A256GCM'],
  ] as const)('an ID Token by %s and %s is signed, then encrypted', async (alg, enc) => {
    const chosen = { id_token_encrypted_response_alg: alg, ...(enc && { id_token_encrypted_response_enc: enc }) };
    const client = await register({ jwks, ...chosen });
    const { header, text } = await open((await party(client).tokens(person)).id_token);
    expect(header).toMatchObject({ alg, enc: enc ?? 'A128CBC-HS256', cty: 'JWT', kid: alg.startsWith('ECDH') ? 'ECDH-ES' : alg });
    expect((await verified(text, client.client_id)).payload).toMatchObject({ sub, nonce: expect.any(String) });
  });

  test('an ID Token that the browser brings is encrypted as well', async () => {
    const client = await register({
      jwks,
      grant_types: ['authorization_code', 'implicit'],
      redirect_uris: ['https://app.example/callback'],
      response_types: ['code id_token'],
      id_token_encrypted_response_alg: 'ECDH-ES',
    });
    const { url } = party(client).begin({ response_type: 'code id_token' });
    const arrived = new URLSearchParams((await person.authorize(url)).hash.slice(1));
    const { text } = await open(arrived.get('id_token') ?? '');
    expect((await verified(text, client.client_id)).payload).toMatchObject({ sub, c_hash: expect.any(String) });
  });

  test('a key that the client publishes is used; without one nothing goes in the clear, and the code stays good', async () => {
    const client = await register({ jwks_uri: `${host.origin}/jwks.json`, id_token_encrypted_response_alg: 'RSA-OAEP-256' });
    host.files.set('/jwks.json', JSON.stringify({ keys: [{ ...keys['RSA-OAEP-256'].jwk, use: 'sig' }] }));
    const code = await party(client).code(person);
    const refused = await party(client).redeem(code);
    expect([refused.status, refused.json()['error'], refused.text.includes('eyJ')]).toEqual([401, 'invalid_client', false]);

    const other = await register({ jwks_uri: `${host.origin}/good.json`, id_token_encrypted_response_alg: 'RSA-OAEP-256' });
    host.files.set('/good.json', jwks);
    expect((await open((await party(other).tokens(person)).id_token)).header.kid).toBe('RSA-OAEP-256');
    await operator.updateClient(client.client_id, { jwks_uri: `${host.origin}/good.json` });
    await expect.poll(async () => (await party(client).redeem(code)).status, { timeout: 5_000 }).toBe(200);
  });

  test('§5.3.2: UserInfo is signed where the client registered an algorithm', async () => {
    for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
      const client = await register({ userinfo_signed_response_alg: alg });
      const { access_token } = await party(client).tokens(person);
      const answer = await bearer(`${suite.issuer}/oauth2/userinfo`, access_token);
      expect(answer.headers.get('content-type')).toBe('application/jwt');
      const { payload, protectedHeader } = await verified(answer.text, client.client_id);
      expect([protectedHeader.alg, payload['sub'], payload['name'], payload.exp]).toEqual([alg, sub, 'Ada', undefined]);
    }
  });

  test('§5.3.2: UserInfo is encrypted, nested where it is signed', async () => {
    const sealed = { jwks, userinfo_encrypted_response_alg: 'ECDH-ES', userinfo_encrypted_response_enc: 'A256GCM' };
    for (const userinfo_signed_response_alg of ['', 'ES256']) {
      const client = await register({ ...sealed, userinfo_signed_response_alg });
      const answer = await bearer(`${suite.issuer}/oauth2/userinfo`, (await party(client).tokens(person)).access_token);
      expect(answer.headers.get('content-type')).toBe('application/jwt');
      const { header, text } = await open(answer.text);
      expect(header.cty).toBe(userinfo_signed_response_alg === '' ? undefined : 'JWT');
      const claims = header.cty === 'JWT' ? (await verified(text, client.client_id)).payload : JSON.parse(text);
      expect(claims).toMatchObject({ sub, name: 'Ada' });
    }
  });

  test('RFC 8725 §3.11: a signed UserInfo answer is no ID Token hint and no access token', async () => {
    const client = await register({ userinfo_signed_response_alg: 'RS256' });
    const { access_token } = await party(client).tokens(person);
    const { text } = await bearer(`${suite.issuer}/oauth2/userinfo`, access_token);
    expect((await bearer(`${suite.issuer}/oauth2/userinfo`, text)).status).toBe(401);
    expect((await person.authorize(party(client).begin({ id_token_hint: text }).url)).searchParams.get('error')).toBe('invalid_request');
  });

  test('FAPI 2.0 Security Profile §5.4.1: ID Tokens by PS256', async () => {
    const client = await register({ id_token_signed_response_alg: 'PS256' });
    const { protectedHeader, payload } = await verified((await party(client).tokens(person)).id_token, client.client_id);
    expect([protectedHeader.alg, payload.sub]).toEqual(['PS256', sub]);
  });
});
