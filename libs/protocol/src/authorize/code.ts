import type { Authentication, CodeEnvelope, LiveGrant, SessionFacts } from '../model/authorization.ts';
import { encode } from '../primitives/base64url.ts';
import { codeLifetimeUnder, rulesFor } from '../profiles/index.ts';
import { reachedAcr } from './checks/acr-values.ts';
import type { AuthorizationRequest, AuthorizePorts } from './request.ts';

/** A grant and how its person signed in: what every token of an answer rests on. */
export type PersonsGrant = LiveGrant & { authentication: Authentication };

/** The grant that an answer gives. Its row is stored when a code is redeemed; its id names it in every token from now on. */
export function makeGrant(request: AuthorizationRequest, session: SessionFacts, ports: AuthorizePorts, now: number): PersonsGrant {
  const openId = request.scopes.includes('openid');
  // OpenID grants without offline_access end with their session; offline and plain OAuth grants do not (house.md). Without
  // a code nothing outlives the session.
  const offline = request.responseType.code && (request.scopes.includes('offline_access') || !openId);
  const grantEnd = now + ports.policy.offlineGrantLifetime() * 1000;
  return {
    grant_id: ports.random.grantId(now),
    client_id: request.client.client_id,
    sub: session.sub,
    ...(offline ? undefined : { sid: session.sid }),
    scopes: request.scopes,
    resources: request.resources,
    ...(request.claims.userinfo.length > 0 && { userinfo_claims: request.claims.userinfo }),
    authentication: authenticationOf(request, session, ports),
    createdAt: now,
    expiresAt: offline ? grantEnd : Math.min(grantEnd, session.expiresAt),
  };
}

/**
 * Makes the code (RFC 6749 §4.1.2): everything that the tokens need, sealed while the person is present. Stores nothing;
 * the exchange stores the mark and the grant in one statement.
 */
export function makeCode(request: AuthorizationRequest, grant: PersonsGrant, ports: AuthorizePorts): string {
  const offline = grant.sid === undefined;
  const envelope: CodeEnvelope = {
    version: 1,
    client_id: grant.client_id,
    redirect_uri: request.redirect_uri,
    redirectUriGiven: request.redirectUriGiven,
    ...(request.code_challenge === undefined ? undefined : { code_challenge: request.code_challenge }),
    ...(request.dpop_jkt === undefined ? undefined : { dpop_jkt: request.dpop_jkt }),
    scopes: grant.scopes,
    resources: grant.resources,
    ...(grant.userinfo_claims && { userinfo_claims: grant.userinfo_claims }),
    ...(request.claims.idToken.length > 0 && { id_token_claims: request.claims.idToken }),
    ...(request.nonce === undefined ? undefined : { nonce: request.nonce }),
    sub: grant.sub,
    authentication: grant.authentication,
    grant_id: grant.grant_id,
    handle: encode(ports.random.bytes(16)),
    offline,
    refresh: offline && request.client.grant_types.includes('refresh_token'),
    issuedAt: grant.createdAt,
    expiresAt: grant.createdAt + codeLifetimeUnder(rulesFor(request.client, ports.policy), ports.policy.codeLifetime()) * 1000,
    grantExpiresAt: grant.expiresAt,
  };
  return ports.authorizationCodes.seal(envelope);
}

function authenticationOf(request: AuthorizationRequest, session: SessionFacts, { policy }: AuthorizePorts): Authentication {
  return {
    auth_time: Math.floor(session.authTimeMs / 1000),
    // What was asked, where it was reached: an essential acr must be one of the values asked (OpenID Connect Core §5.5.1.1).
    acr: reachedAcr(request.acr, session.acr, policy.acrValues()) ?? session.acr,
    amr: session.amr,
    sid: session.sid,
    // OpenID Connect Core §2: with max_age, when it is asked for, or when the client registered require_auth_time.
    authTimeRequired: request.maxAge !== undefined || request.claims.authTime || request.client.require_auth_time,
  };
}
