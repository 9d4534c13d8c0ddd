import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type Answer, answered, bearer, type Person, post, randomText, request, tokensOf, type Tokens } from '@authority/testing/suite';
import { createRemoteJWKSet, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { expect } from 'vitest';
import type { World } from '../front-channel/world.ts';
import type { Host } from '../request-objects/host.ts';

export const callback = 'https://rp.example/callback';
type More = Readonly<Record<string, string>>;

/** What the modules of the plan share. */
export interface DynamicRun extends World {
  /** The clients' own https host. */
  readonly host: Host;
  /** An initial access token. */
  readonly initial: string;
  readonly signedIn: Person;
}

/** GenerateRS256ClientJWKsWithKeyID. */
export interface ClientKey {
  readonly privateKey: KeyObject;
  readonly kid: string;
  readonly jwks: object;
}

export function clientKey(): ClientKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = randomText();
  return { privateKey, kid, jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }] } };
}

/** A client that registered itself. */
export interface DynamicClient {
  readonly client_id: string;
  readonly redirect_uri: string;
  readonly key: ClientKey;
}

/** OIDCCCreateDynamicClientRegistrationRequest; with `require_pkce`, which is ours. */
export function register({ suite, initial }: DynamicRun, metadata: object): Promise<Answer> {
  const body = {
    ...{ client_name: 'a module of the plan', grant_types: ['authorization_code'], response_types: ['code'] },
    ...{ token_endpoint_auth_method: 'private_key_jwt', redirect_uris: [callback], contacts: ['certification@oidf.org'] },
    ...{ require_pkce: false, ...metadata },
  };
  return request(`${suite.issuer}/oauth2/register`, {
    ...{ method: 'POST', body: JSON.stringify(body) },
    headers: { 'content-type': 'application/json', authorization: `Bearer ${initial}` },
  });
}

export async function registered(run: DynamicRun, metadata: object = {}, key = clientKey()): Promise<DynamicClient> {
  const jwks = 'jwks_uri' in metadata ? {} : { jwks: key.jwks };
  const answer = await register(run, { ...jwks, ...metadata });
  expect([answer.status, answer.headers.get('content-type')], answer.text).toEqual([201, 'application/json']);
  const said = answer.json();
  expect(said).toMatchObject({ ...metadata, token_endpoint_auth_method: 'private_key_jwt', client_id: expect.any(String) });
  const { client_id, redirect_uris } = said as { client_id: string; redirect_uris: [string] }; // RFC 7591 §3.2.1
  return { client_id, redirect_uri: redirect_uris[0], key };
}

/** What is refused at the registration endpoint. */
export async function refusal(run: DynamicRun, metadata: object): Promise<unknown> {
  const answer = await register(run, { jwks: clientKey().jwks, ...metadata });
  expect([answer.status, answer.headers.get('content-type')], answer.text).toEqual([400, 'application/json']);
  return answer.json()['error'];
}

/** An authorization request as the plan makes it; an empty value leaves a parameter out. */
export function requestOf({ suite }: DynamicRun, { client_id, redirect_uri }: DynamicClient, more: More = {}) {
  const [state, nonce] = [randomText(), randomText()];
  const parameters = { client_id, redirect_uri, response_type: 'code', scope: 'openid', state, nonce, ...more };
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== ''));
  return { url: `${suite.issuer}/oauth2/authorize?${query}`, parameters, state, nonce };
}

/** A grant, by a client assertion for the issuer. */
export async function token({ suite }: DynamicRun, { client_id, key }: DynamicClient, grant: More): Promise<Answer> {
  const claims = new SignJWT({ jti: randomText() }).setIssuer(client_id).setSubject(client_id).setAudience(suite.issuer);
  const timed = claims.setIssuedAt().setNotBefore('0s').setExpirationTime('60s');
  const client_assertion = await timed.setProtectedHeader({ alg: 'RS256', kid: key.kid }).sign(key.privateKey);
  const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  return post(`${suite.issuer}/oauth2/token`, { ...grant, client_assertion, client_assertion_type });
}

export interface Happy {
  readonly tokens: Tokens;
  readonly idToken: JWTPayload;
  /** Where the browser was sent, whole. */
  readonly arrived: Readonly<Record<string, string>>;
}

interface Begun {
  readonly state: string;
  readonly nonce: string;
}

/** The request succeeds, and everything that comes of it is right. */
export async function happy(run: DynamicRun, client: DynamicClient, more: More = {}): Promise<Happy> {
  const asked = requestOf(run, client, more);
  return happyFrom(run, client, asked, asked.url);
}

export async function happyFrom(run: DynamicRun, client: DynamicClient, { state, nonce }: Begun, url: string): Promise<Happy> {
  const { values, uri } = await answered(run.signedIn, url);
  const { origin, pathname } = new URL(client.redirect_uri);
  expect([uri, values['state'], values['error']]).toEqual([origin + pathname, state, undefined]);
  const redeemed = await token(run, client, {
    ...{ grant_type: 'authorization_code', code: values['code'] ?? '', redirect_uri: client.redirect_uri },
  });
  const tokens = tokensOf(redeemed);
  const idToken = await idTokenOf(run, client, tokens.id_token);
  expect(idToken).toMatchObject({ nonce, sub: expect.any(String) });
  return { tokens, idToken, arrived: values };
}

/** OpenID Connect Core §3.1.3.7, by the keys that are published now. */
export async function idTokenOf({ suite }: DynamicRun, { client_id }: DynamicClient, id_token: string): Promise<JWTPayload> {
  const options = { issuer: suite.issuer, audience: client_id, algorithms: ['RS256'] };
  return (await jwtVerify(id_token, createRemoteJWKSet(new URL(`${suite.issuer}/.well-known/jwks.json`)), options)).payload;
}

export const userInfo = ({ suite }: DynamicRun, access_token: string): Promise<Answer> =>
  bearer(`${suite.issuer}/oauth2/userinfo`, access_token);
