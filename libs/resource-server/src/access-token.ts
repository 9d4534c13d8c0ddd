import { errors, jwtVerify } from 'jose';
import { isObject, type JsonObject, numberOf, textOf } from './json.ts';
import type { KeySet } from './key-set.ts';
import type { Settled } from './options.ts';

/** What a good access token says (RFC 9068 §2.2, RFC 7662 §2.2). */
export interface AccessToken {
  iss: string;
  sub: string;
  aud: string | readonly string[];
  client_id: string;
  /** Space separated; empty for none. */
  scope: string;
  exp: number;
  iat: number;
  jti: string;
  sid?: string;
  acr?: string;
  auth_time?: number;
  /** What the token is bound to (RFC 7800). */
  cnf?: JsonObject;
  /** All claims, these included. */
  claims: JsonObject;
}

/** Three parts of base64url: anything else is opaque. */
export function isJwt(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
}

/**
 * RFC 9068 §4: the type, so that no ID Token passes for an access token; a signature by an algorithm that was agreed on;
 * issuer, audience and time. Undefined for a token that is none of ours; throws when the keys cannot be had.
 */
export async function verifyJwt(token: string, keys: KeySet, options: Settled): Promise<AccessToken | undefined> {
  try {
    const { payload } = await jwtVerify(token, keys.key, {
      typ: 'at+jwt',
      algorithms: [...options.algorithms],
      issuer: options.issuer,
      audience: options.audience,
      clockTolerance: options.clockTolerance,
      requiredClaims: ['exp', 'iat', 'jti', 'sub', 'client_id'],
    });
    return accessTokenOf(payload);
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

export function accessTokenOf(claims: JsonObject): AccessToken | undefined {
  const { aud, cnf } = claims;
  const [iss, sub, client_id, jti] = ['iss', 'sub', 'client_id', 'jti'].map((name) => textOf(claims, name));
  const [exp, iat, auth_time] = ['exp', 'iat', 'auth_time'].map((name) => numberOf(claims, name));
  if (iss === undefined || sub === undefined || client_id === undefined || jti === undefined) return undefined;
  if (exp === undefined || iat === undefined || !isAudience(aud)) return undefined;
  // A binding that cannot be read must not be passed over.
  if (cnf !== undefined && !isObject(cnf)) return undefined;
  const [sid, acr] = ['sid', 'acr'].map((name) => textOf(claims, name));
  return {
    ...{ iss, sub, aud, client_id, exp, iat, jti, claims },
    scope: textOf(claims, 'scope') ?? '',
    ...(sid !== undefined && { sid }),
    ...(acr !== undefined && { acr }),
    ...(auth_time !== undefined && { auth_time }),
    ...(cnf !== undefined && { cnf }),
  };
}

function isAudience(aud: unknown): aud is string | readonly string[] {
  return typeof aud === 'string' || (Array.isArray(aud) && aud.every((one) => typeof one === 'string'));
}
