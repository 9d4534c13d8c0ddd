import type { Actor, Authorization, Confirmation, TokenOrigin } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { ProtocolPorts } from '../ports.ts';
import { encode } from '../primitives/base64url.ts';
import { audienceOf } from './audience.ts';
import { isOpaqueAccessToken, openAccessToken, sealAccessToken } from './opaque-access-token.ts';
import { actorFor, isPairwise, openSubject, sealSubject, sessionFor, subjectFor } from './pairwise.ts';
import { type TokenProfile, tokenProfile } from './token-profile.ts';

/** The media type that tells access tokens from all other JWTs (RFC 9068 §2.1). */
export const accessTokenType = 'at+jwt';

/** Claims of an access token (RFC 9068 §2.2). */
export interface AccessTokenClaims {
  iss: string;
  sub: string;
  aud: string | readonly string[];
  client_id: string;
  scope: string;
  /**
   * `<grant_id>.<random>`, so that one revocation entry ends every token of a grant; `cc.<random>` without one. What was
   * exchanged for a token has its whole `jti` and `.<random>`: the end of one is the end of the other.
   */
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
  /** RFC 8693 §4.1. */
  act?: Actor;
  /** RFC 8693 §4.4. */
  may_act?: Readonly<Record<string, unknown>>;
  /** Clients that the tokens were issued to which this one was exchanged for. */
  exchanged_from?: readonly string[];
  /** What the token shows of subject and session, where that is pairwise; only in one that was read. */
  told?: Told;
}

/** Pairwise names (OpenID Connect Core §8.1). */
interface Told {
  sub: string;
  sid?: string;
}

/** As it is in the token: what `sub` and `sid` really are is sealed where they are pairwise (OpenID Connect Core §8.1). */
interface TokenClaims extends Omit<AccessTokenClaims, 'told'> {
  local_subject?: string;
}

export type AccessTokenPorts = Pick<
  ProtocolPorts,
  'issuer' | 'policy' | 'random' | 'resources' | 'signingKeys' | 'sealingKeys' | 'pairwiseKey'
>;

/** What the mint would make of it. */
export function accessTokenFormat(authorization: Authorization, ports: Pick<AccessTokenPorts, 'issuer' | 'policy' | 'resources'>) {
  return tokenProfile(authorization, audienceOf(authorization, ports.issuer), ports).format;
}

/** Makes the access token, in the format that its resource or its client wants. Stores nothing. */
export function makeAccessToken(
  authorization: Authorization,
  ports: AccessTokenPorts,
  now: number,
): { access_token: string; claims: AccessTokenClaims } {
  const aud = audienceOf(authorization, ports.issuer);
  const profile = tokenProfile(authorization, aud, ports);
  const claims = accessTokenClaims(authorization, aud, profile, ports, now);
  const told = toldTo(authorization.client, claims, ports);
  const access_token =
    profile.format === 'opaque' ? sealAccessToken({ ...told }, ports) : ports.signingKeys.sign(profile.alg, accessTokenType, { ...told });
  return { access_token, claims };
}

function accessTokenClaims(
  authorization: Authorization,
  aud: AccessTokenClaims['aud'],
  { lifetime, scopes }: TokenProfile,
  ports: Pick<ProtocolPorts, 'issuer' | 'random'>,
  now: number,
): AccessTokenClaims {
  const { client, grant, origin, authentication } = authorization;
  const iat = Math.floor(now / 1000);
  const end = iat + lifetime;
  const claims: AccessTokenClaims = {
    iss: ports.issuer,
    sub: authorization.sub,
    aud,
    client_id: client.client_id,
    scope: scopes.join(' '),
    jti: `${grant?.grant_id ?? origin?.jti ?? 'cc'}.${encode(ports.random.bytes(16))}`,
    iat,
    // Never longer than what it rests on.
    exp: Math.min(end, grant ? Math.floor(grant.expiresAt / 1000) : end, origin?.exp ?? end),
  };
  if (grant?.sid !== undefined) claims.sid = grant.sid;
  if (grant?.userinfo_claims && isAudience(claims, ports.issuer)) claims.userinfo_claims = grant.userinfo_claims;
  if (origin) Object.assign(claims, inherited(origin));
  if (authentication) {
    // For resource servers that ask for more (RFC 9470 §5, RFC 9068 §2.2.1).
    claims.auth_time = authentication.auth_time;
    claims.acr = authentication.acr;
    if (authentication.amr.length > 0) claims.amr = authentication.amr;
  }
  if (authorization.confirmation) claims.cnf = authorization.confirmation;
  return claims;
}

/** What goes along from the token that was exchanged. */
function inherited({ sid, act, may_act, exchanged_from }: TokenOrigin): Partial<AccessTokenClaims> {
  return {
    ...(sid !== undefined && { sid }),
    ...(act && { act }),
    ...(may_act && { may_act }),
    ...(exchanged_from && { exchanged_from }),
  };
}

function toldTo(client: Client, claims: AccessTokenClaims, ports: AccessTokenPorts): TokenClaims {
  const { sub, sid, jti, act } = claims;
  if (!isPairwise(client)) return claims;
  return {
    ...claims,
    sub: subjectFor(client, sub, ports),
    ...(sid !== undefined && { sid: sessionFor(client, sid, ports) }),
    ...(act && { act: actorFor(client, act, ports) }),
    local_subject: sealSubject(sid === undefined ? { sub } : { sub, sid }, jti, ports),
  };
}

export type ReadAccessTokenPorts = Pick<ProtocolPorts, 'issuer' | 'signingKeys' | 'sealingKeys'>;

/**
 * Reads an access token that this server made, of either format: the one place that does. Undefined for anything else:
 * another kind (RFC 8725 §3.11), another issuer, a shape that we never made. Says nothing about expiry or revocation.
 * `sub` and `sid` are the local ones, whatever the token shows; `told` has that.
 */
export function readAccessToken(token: string, ports: ReadAccessTokenPorts): AccessTokenClaims | undefined {
  if (token.length > 8192) return undefined;
  const claims = isOpaqueAccessToken(token) ? openAccessToken(token, ports) : ports.signingKeys.verify(token, accessTokenType);
  return claims && isAccessToken(claims) && claims.iss === ports.issuer ? localOf(claims, ports) : undefined;
}

function localOf({ local_subject, ...claims }: TokenClaims, ports: ReadAccessTokenPorts): AccessTokenClaims | undefined {
  if (local_subject === undefined) return claims;
  const local = openSubject(local_subject, claims.jti, ports);
  const { sub, sid } = claims;
  return local && { ...claims, ...local, told: sid === undefined ? { sub } : { sub, sid } };
}

function isAccessToken(claims: object): claims is TokenClaims {
  const { iss, sub, aud, client_id, scope, jti, iat, exp } = claims as Record<string, unknown>;
  const texts = [iss, sub, client_id, scope, jti].every((value) => typeof value === 'string');
  const times = [iat, exp].every((value) => typeof value === 'number');
  return texts && times && (typeof aud === 'string' || Array.isArray(aud));
}

export function isAudience(claims: AccessTokenClaims, resource: string): boolean {
  return typeof claims.aud === 'string' ? claims.aud === resource : claims.aud.includes(resource);
}
