import {
  type CreatedClient,
  Operator,
  Person,
  post,
  RelyingParty,
  request,
  startOneProcess,
  type Suite,
  type Tokens,
} from '@authority/testing/suite';
import { compactDecrypt, createRemoteJWKSet, type CryptoKey, decodeJwt, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const mediaType = 'application/token-introspection+jwt';
const api = 'https://api.example/orders';
const insecure = { [oauth.allowInsecureRequests]: true };

let suite: Suite;
let operator: Operator;
let app: CreatedClient;
let resourceServer: CreatedClient;
let stranger: CreatedClient;
let sealing: CreatedClient;
let key: CryptoKey;
let tokens: Tokens;
let forApi: Tokens;
beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  const pair = await generateKeyPair('RSA-OAEP-256', { extractable: true });
  key = pair.privateKey;
  const machine = { grant_types: ['client_credentials'] };
  app = await operator.createClient({
    redirect_uris: ['http://127.0.0.1:9/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid email offline_access orders.read',
    allowed_resources: [api],
    introspection_signed_response_alg: 'ES256',
  });
  resourceServer = await operator.createClient({ ...machine, resource_identifier: api });
  stranger = await operator.createClient({ ...machine, resource_identifier: 'https://api.example/other' });
  sealing = await operator.createClient({
    ...machine,
    jwks: JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), use: 'enc', kid: 'e1' }] }),
    introspection_encrypted_response_alg: 'RSA-OAEP-256',
    introspection_encrypted_response_enc: 'A256GCM',
  });
  await operator.createIdentity({ email: 'ada@example.com', password: 'violet tractor hums 42 lullabies' });
  const person = new Person(suite.issuer, 'ada@example.com', 'violet tractor hums 42 lullabies');
  const party = new RelyingParty(suite.issuer, app);
  tokens = await party.tokens(person);
  forApi = await new RelyingParty(suite.issuer, app, 'orders.read').tokens(person, { resource: api });
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

const introspect = (token: string, by: CreatedClient, accept = mediaType) =>
  post(`${suite.issuer}/oauth2/introspect`, { token }, by, { accept });
const verified = (jwt: string, audience: string) =>
  jwtVerify(jwt, createRemoteJWKSet(new URL(`${suite.issuer}/.well-known/jwks.json`)), {
    issuer: suite.issuer,
    audience,
    typ: 'token-introspection+jwt',
  });

describe('RFC 9701: JWT response for token introspection', () => {
  test('§7: the metadata says what there is', async () => {
    expect((await request(`${suite.issuer}/.well-known/openid-configuration`)).json()).toMatchObject({
      introspection_signing_alg_values_supported: expect.arrayContaining(['RS256', 'ES256']),
      introspection_encryption_alg_values_supported: expect.arrayContaining(['RSA-OAEP-256', 'ECDH-ES']),
      introspection_encryption_enc_values_supported: expect.arrayContaining(['A128CBC-HS256', 'A256GCM']),
    });
  });

  test('§4, §5: asked for by Accept, it is a JWT of its own type for whoever asks, by their algorithm', async () => {
    const answer = await introspect(tokens.access_token, app);
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([200, mediaType, 'no-store']);
    const { payload, protectedHeader } = await verified(answer.text, app.client_id);
    expect(protectedHeader.alg).toBe('ES256');
    expect(payload['token_introspection']).toMatchObject({ active: true, client_id: app.client_id });
    expect(Object.keys(payload).sort(), '§5: no sub and no exp beside it').toEqual(['aud', 'iat', 'iss', 'token_introspection']);
  });

  test('§4: without that Accept it is JSON as ever', async () => {
    for (const accept of ['application/json', '*/*', `${mediaType};q=0, application/json`]) {
      const answer = await introspect(tokens.access_token, app, accept);
      expect([answer.headers.get('content-type'), answer.json()['active']]).toEqual(['application/json', true]);
    }
  });

  test('§5: a resource server learns of tokens for it, and only that others are not active', async () => {
    const { payload } = await verified((await introspect(forApi.access_token, resourceServer)).text, resourceServer.client_id);
    expect(payload['token_introspection']).toMatchObject({ active: true, aud: api, scope: 'orders.read' });
    for (const token of [forApi.access_token, tokens.access_token, tokens.refresh_token, 'x']) {
      const foreign = decodeJwt((await introspect(token, stranger)).text);
      expect(foreign['token_introspection']).toEqual({ active: false });
    }
  });

  test('§5: a refresh token, for its client', async () => {
    expect(decodeJwt((await introspect(tokens.refresh_token, app)).text)['token_introspection']).toMatchObject({ active: true });
  });

  test('§6: encrypted for whoever registered so, signed by RS256 inside', async () => {
    const { plaintext, protectedHeader } = await compactDecrypt((await introspect('x', sealing)).text, key);
    expect(protectedHeader).toEqual({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 'e1', cty: 'JWT' });
    const inner = await verified(new TextDecoder().decode(plaintext), sealing.client_id);
    expect([inner.protectedHeader.alg, inner.payload['token_introspection']]).toEqual(['RS256', { active: false }]);
  });

  test('§8.1: the answer passes for no other kind of token', async () => {
    const answer = (await introspect(tokens.access_token, app)).text;
    expect((await request(`${suite.issuer}/oauth2/userinfo`, { headers: { authorization: `Bearer ${answer}` } })).status).toBe(401);
    expect(decodeJwt((await introspect(answer, app)).text)['token_introspection']).toEqual({ active: false });
    const hint = new RelyingParty(suite.issuer, app, 'openid').begin({ id_token_hint: answer, prompt: 'none' });
    const { headers } = await request(hint.url);
    expect(headers.get('location')).toContain('error=invalid_request');
  });

  test('§4: who does not authenticate gets a plain error', async () => {
    const answer = await introspect(tokens.access_token, { ...app, client_secret: 'wrong' });
    expect([answer.status, answer.headers.get('content-type'), answer.json()['error']]).toEqual([
      401,
      'application/json',
      'invalid_client',
    ]);
  });

  test('§5: oauth4webapi reads it', async () => {
    const server = await oauth.processDiscoveryResponse(
      new URL(suite.issuer),
      await oauth.discoveryRequest(new URL(suite.issuer), insecure),
    );
    const client = { client_id: app.client_id, introspection_signed_response_alg: 'ES256' };
    const authentication = oauth.ClientSecretBasic(app.client_secret ?? '');
    const response = await oauth.introspectionRequest(server, client, authentication, tokens.access_token, {
      ...insecure,
      requestJwtResponse: true,
    } as Parameters<typeof oauth.introspectionRequest>[4]);
    const read = await oauth.processIntrospectionResponse(server, client, response);
    expect(read).toMatchObject({ active: true, client_id: app.client_id });
  });
});
