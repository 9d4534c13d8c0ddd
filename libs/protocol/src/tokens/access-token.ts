import type { Authorization, Confirmation } from '../model/authorization.ts';
import type { ProtocolPorts, SigningKeys } from '../ports.ts';
import { encode } from '../primitives/base64url.ts';
import { audienceOf } from './audience.ts';

/** The media type that tells access tokens from all other JWTs (RFC 9068 §2.1). */
export const accessTokenType = 'at+jwt';

/** Access tokens live a day at most: revocation entries are kept for that long (house.md, "One revocation set"). */
const longestLife = 86_400;

/** Claims of an access token (RFC 9068 §2.2). */
export interface AccessTokenClaims {
  iss: string;
  sub: string;
  aud: string | readonly string[];
  client_id: string;
  scope: string;
  /** `<grant_id>.<random>`, so that one revocation entry ends every token of a grant; `cc.<random>` without one. */
  jti: string;
  iat: number;
  exp: number;
  /** The session that the token ends with; absent for offline grants. */
  sid?: string;
  auth_time?: number;
  acr?: string;
  amr?: readonly string[];
  /** For UserInfo alone: what was asked for by name. Only where this server is an audience; introspection does not show it. */
  userinfo_claims?: readonly string[];
  /** What whoever presents it must show (RFC 7800 §3.1). */
  cnf?: Confirmation;
}

export function accessTokenClaims(
  authorization: Authorization,
  ports: Pick<ProtocolPorts, 'issuer' | 'policy' | 'random'>,
  now: number,
): AccessTokenClaims {
  const { client, grant, authentication } = authorization;
  const iat = Math.floor(now / 1000);
  const life = Math.min(client.accessTokenLifetime ?? ports.policy.accessTokenLifetime(), longestLife);
  const end = iat + life;
  const claims: AccessTokenClaims = {
    iss: ports.issuer,
    sub: authorization.sub,
    aud: audienceOf(authorization, ports.issuer),
    client_id: client.client_id,
    scope: authorization.scopes.join(' '),
    jti: `${grant ? grant.grant_id : 'cc'}.${encode(ports.random.bytes(16))}`,
    iat,
    // Never longer than what it rests on.
    exp: grant ? Math.min(end, Math.floor(grant.expiresAt / 1000)) : end,
  };
  if (grant?.sid !== undefined) claims.sid = grant.sid;
  if (grant?.userinfo_claims && isAudience(claims, ports.issuer)) claims.userinfo_claims = grant.userinfo_claims;
  if (authentication) {
    // For resource servers that ask for more (RFC 9470 §5, RFC 9068 §2.2.1).
    claims.auth_time = authentication.auth_time;
    claims.acr = authentication.acr;
    claims.amr = authentication.amr;
  }
  if (authorization.confirmation) claims.cnf = authorization.confirmation;
  return claims;
}

/**
 * Reads an access token that this server made. Undefined for anything else: another kind (RFC 8725 §3.11), another
 * issuer, a shape that we never made. Says nothing about expiry or revocation.
 */
export function readAccessToken(jws: string, keys: SigningKeys, issuer: string): AccessTokenClaims | undefined {
  if (jws.length > 8192) return undefined;
  const claims = keys.verify(jws, accessTokenType);
  return claims && isAccessToken(claims) && claims.iss === issuer ? claims : undefined;
}

function isAccessToken(claims: object): claims is AccessTokenClaims {
  const { iss, sub, aud, client_id, scope, jti, iat, exp } = claims as Record<string, unknown>;
  const texts = [iss, sub, client_id, scope, jti].every((value) => typeof value === 'string');
  const times = [iat, exp].every((value) => typeof value === 'number');
  return texts && times && (typeof aud === 'string' || Array.isArray(aud));
}

export function isAudience(claims: AccessTokenClaims, resource: string): boolean {
  return typeof claims.aud === 'string' ? claims.aud === resource : claims.aud.includes(resource);
}
