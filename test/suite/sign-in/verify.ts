import { createHash } from 'node:crypto';
import { request } from '@authority/testing/suite';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { expect } from 'vitest';

export interface Expected {
  readonly issuer: string;
  readonly client_id: string;
  readonly sub: string;
  readonly nonce: string;
  readonly scope: string;
  readonly alg: string;
  /** Unix seconds before the sign-in. */
  readonly since: number;
}

/** Verifies both tokens with jose against the published keys, and every claim that a client may rely on. */
export async function verifyTokens(tokens: { access_token: string; id_token: string }, expected: Expected): Promise<void> {
  const { issuer, client_id } = expected;
  const metadata = (await request(`${issuer}/.well-known/openid-configuration`)).json();
  const keys = createLocalJWKSet((await request(String(metadata['jwks_uri']))).json() as unknown as JSONWebKeySet);
  const idToken = await jwtVerify(tokens.id_token, keys, { issuer, audience: client_id, typ: 'JWT', algorithms: [expected.alg] });
  const accessToken = await jwtVerify(tokens.access_token, keys, { issuer, audience: issuer, typ: 'at+jwt', algorithms: ['ES256'] });
  assertIdToken(idToken.payload, tokens.access_token, expected);
  assertAccessToken(accessToken.payload, idToken.payload, expected);
  expect(decodeProtectedHeader(tokens.access_token).kid).toBeTypeOf('string');
}

/** OpenID Connect Core §2 and §3.1.3.6. */
function assertIdToken(claims: Record<string, unknown>, accessToken: string, { sub, nonce, since }: Expected): void {
  const halfHash = createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
  expect(claims).toMatchObject({ sub, nonce, at_hash: halfHash, amr: ['pwd'] });
  expect(claims['acr']).toBeTypeOf('string');
  expect(claims['sid']).toBeTypeOf('string');
  expect(claims['auth_time']).toBeGreaterThanOrEqual(since);
  expect(claims['auth_time']).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000));
  expect(Number(claims['exp']) - Number(claims['iat'])).toBeGreaterThan(0);
}

/** RFC 9068 §2.2. */
function assertAccessToken(claims: Record<string, unknown>, idToken: Record<string, unknown>, expected: Expected): void {
  const { client_id, sub, scope } = expected;
  expect(claims).toMatchObject({ client_id, sub, scope, acr: idToken['acr'], amr: ['pwd'], auth_time: idToken['auth_time'] });
  expect(claims['jti']).toMatch(/^.{16,}$/);
  expect(Number(claims['exp']) - Number(claims['iat'])).toBe(300);
  // A token that may live on without the session does not name it.
  expect(claims['sid']).toBe(scope.split(' ').includes('offline_access') ? undefined : idToken['sid']);
}
