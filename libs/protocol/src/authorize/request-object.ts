import { OAuthError, type Reason } from '@authority/errors';
import { isSignedByClient, clientSignatureAlgorithms } from '../client-authentication/signature.ts';
import { decrypt, looksEncrypted } from '../encryption/decrypt.ts';
import type { Client } from '../model/client.ts';
import type { Parameters } from '../model/request.ts';
import type { ProtocolPorts } from '../ports.ts';
import { rulesFor } from '../profiles/index.ts';
import { isObject, readUnverified, type UnverifiedJwt } from '../primitives/jwt.ts';

export type RequestObjectPorts = Pick<ProtocolPorts, 'issuer' | 'clientKeys' | 'policy' | 'decryptionKeys'>;

/** What a client may sign its request objects with: never `none`, and nothing whose key is a secret. Discovery lists them. */
export const requestObjectAlgorithms = clientSignatureAlgorithms;

/** No request object that fits into an address or a form is longer. */
const longest = 32_768;
/** Clocks may differ by this many seconds. */
const leeway = 30;

/**
 * The parameters inside a request object (RFC 9101 §6): decrypted where it is encrypted, signed by the client, meant for
 * this server. Nothing beside the object counts (§6.3).
 */
export async function readRequestObject(object: string, client: Client, ports: RequestObjectPorts, now: number): Promise<Parameters> {
  if (object.length > longest) throw invalid('request_object_invalid', 'is too long');
  const jws = looksEncrypted(object) ? await decrypted(object, client, ports) : object;
  const jwt = readUnverified(jws);
  if (!jwt) throw invalid('request_object_invalid', 'is not a signed JWT');
  assertHeader(jwt, client);
  if (!(await signedBy(jws, jwt, client, ports))) {
    throw invalid('request_object_signature_wrong', 'is not signed by a key of the client');
  }
  assertClaims(jwt.payload, client, ports.issuer, now / 1000);
  assertLife(jwt.payload, rulesFor(client, ports.policy)?.requestObjectLifetime, now / 1000);
  return parametersOf(jwt.payload);
}

async function decrypted(object: string, client: Client, ports: RequestObjectPorts): Promise<string> {
  const expected = { alg: client.request_object_encryption_alg, enc: client.request_object_encryption_enc };
  const inner = await decrypt(object, ports.decryptionKeys, expected);
  if (inner === undefined) throw invalid('request_object_not_decrypted', 'can not be decrypted');
  // Signed, then encrypted (RFC 9101 §4): once each. A JWE in a JWE would be work without an end.
  return inner;
}

/** Keys that can't be had are the request's fault here, not a failed client authentication. */
async function signedBy(jws: string, { header }: UnverifiedJwt, client: Client, ports: RequestObjectPorts): Promise<boolean> {
  try {
    return await isSignedByClient(jws, header, client, ports);
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    throw new OAuthError('invalid_request_object', error.reason, { description: 'the keys of the client are not available', cause: error });
  }
}

/** RFC 9101 §10.8, RFC 8725 §3.11: another kind of JWT is none of these. Keys of the header (`jwk`, `jku`, `x5u`) are not looked at. */
function assertHeader({ header }: UnverifiedJwt, client: Client): void {
  const { alg, typ, crit } = header;
  const isRequest = typ === undefined || (typeof typ === 'string' && /^(?:application\/)?(?:oauth-authz-req\+)?jwt$/i.test(typ));
  if (!isRequest || crit !== undefined) throw invalid('request_object_invalid', 'has a header that is not allowed');
  const registered = client.request_object_signing_alg;
  const allowed = registered === undefined ? requestObjectAlgorithms.some((one) => one === alg) : alg === registered;
  if (!allowed) throw invalid('request_object_invalid', 'is signed by an algorithm that is not allowed');
}

/** RFC 9101 §4, §5, §10.8. */
function assertClaims(claims: Record<string, unknown>, client: Client, issuer: string, now: number): void {
  const { iss, sub, aud, client_id } = claims;
  if (iss !== client.client_id || client_id !== client.client_id) {
    throw invalid('request_object_invalid', 'has an iss or client_id that is not the client');
  }
  // What has the client as its subject is shaped like a client assertion (§10.8).
  if (sub === client.client_id) throw invalid('request_object_invalid', 'has the client as its subject');
  if (aud !== issuer && !(Array.isArray(aud) && aud.includes(issuer))) {
    throw invalid('request_object_audience_wrong', 'has an aud without the issuer');
  }
  if (Object.hasOwn(claims, 'request') || Object.hasOwn(claims, 'request_uri')) {
    throw invalid('request_object_invalid', 'holds request or request_uri');
  }
  assertTimes(claims, now);
}

function assertTimes({ exp, nbf, iat }: Record<string, unknown>, now: number): void {
  for (const time of [exp, nbf, iat]) {
    if (time !== undefined && !(typeof time === 'number' && Number.isFinite(time)))
      throw invalid('request_object_invalid', 'has a malformed time');
  }
  if (typeof exp === 'number' && exp + leeway <= now) throw invalid('request_object_expired', 'has expired');
  for (const time of [nbf, iat]) {
    if (typeof time === 'number' && time > now + leeway) throw invalid('request_object_expired', 'is not valid yet');
  }
}

/** FAPI 2.0 Message Signing §5.3.1: `nbf` not longer ago than the life, `exp` not longer after it. */
function assertLife({ exp, nbf }: Record<string, unknown>, life: number | undefined, now: number): void {
  if (life === undefined) return;
  if (typeof exp !== 'number' || typeof nbf !== 'number') throw invalid('profile_refused', 'has no exp or no nbf');
  if (exp - nbf > life || nbf < now - life) throw invalid('profile_refused', `lives longer than ${life} s`);
}

/** Claims of the JWT itself; they are no parameters (RFC 9101 §4). */
const jwtClaims: ReadonlySet<string> = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti']);

/** Parameters that are JSON where they are sent by themselves (OpenID Connect Core §5.5, RFC 9396 §2). */
const jsonParameters: ReadonlySet<string> = new Set(['claims', 'authorization_details', 'registration']);

/** Claims as parameters: text as it is, numbers in decimal, JSON as text, a list as a repetition (RFC 8707 §2). */
function parametersOf(claims: Record<string, unknown>): Parameters {
  return Object.entries(claims)
    .filter(([name]) => !jwtClaims.has(name))
    .flatMap(([name, value]) => textsOf(name, value).map((text) => ({ name, value: text })));
}

function textsOf(name: string, value: unknown): readonly string[] {
  if (value === null) return [];
  if (typeof value === 'string') return [value];
  if (typeof value === 'number' && Number.isSafeInteger(value)) return [String(value)];
  if (jsonParameters.has(name) && (isObject(value) || Array.isArray(value))) return [JSON.stringify(value)];
  if (name === 'resource' && Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw invalid('request_object_invalid', 'holds a parameter of the wrong type');
}

function invalid(reason: Reason, what: string): OAuthError {
  return new OAuthError('invalid_request_object', reason, { description: `the request object ${what}` });
}
