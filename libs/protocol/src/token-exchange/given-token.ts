import { OAuthError, type Reason } from '@authority/errors';
import { verifyAssertion } from '../assertions/assertion.ts';
import { subjectOf } from '../assertions/subject.ts';
import type { Actor, Authentication, Confirmation } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { GrantRequest } from '../model/request.ts';
import type { GrantPorts } from '../grants/grant.ts';
import { mostOf } from '../grants/jwt-bearer.ts';
import { isDocumentAddress } from '../primitives/document-address.ts';
import { isObject } from '../primitives/jwt.ts';
import { type AccessTokenClaims, readAccessToken } from '../tokens/access-token.ts';
import { certificateThumbprint, satisfies } from '../tokens/confirmation.ts';
import { idTokenType } from '../tokens/id-token.ts';
import { readActor } from './actor.ts';
import { type TokenType, tokenTypes } from './token-types.ts';

/** A token that was given in exchange, verified and live, whatever its kind. */
export interface GivenToken {
  sub: string;
  /** The client that it was issued to; absent for a JWT of a trusted issuer. */
  client_id?: string;
  /** Where it may be used; absent where it says nothing of that. */
  audience?: readonly string[];
  scopes: readonly string[];
  /** Seconds. */
  exp: number;
  /** What the `jti` of a token that rests on it begins with. */
  jti: string;
  sid?: string;
  act?: Actor;
  may_act?: Readonly<Record<string, unknown>>;
  exchanged_from: readonly string[];
  authentication?: Authentication;
  /** What it is bound to; the request has shown it. */
  confirmation?: Confirmation;
}

/** Reads a token of the kind that is said, and of no other (RFC 8725 §3.11). Answers at once for access tokens of ours. */
export function readGivenToken(token: string, type: TokenType, request: GrantRequest, ports: GrantPorts): GivenToken | Promise<GivenToken> {
  if (type === tokenTypes.accessToken) return readAccess(token, request, ports);
  return type === tokenTypes.idToken ? readIdToken(token, request, ports) : readJwt(token, request, ports);
}

function readAccess(token: string, request: GrantRequest, ports: GrantPorts): GivenToken | Promise<GivenToken> {
  const claims = readAccessToken(token, ports);
  if (!claims) throw invalid('token_signature_wrong');
  // A client whose metadata lies at its address may not be known at this replica yet.
  if (isDocumentAddress(claims.client_id)) return ports.clients.load(claims.client_id).then(() => judgeAccess(claims, request, ports));
  return judgeAccess(claims, request, ports);
}

function judgeAccess(claims: AccessTokenClaims, request: GrantRequest, ports: GrantPorts): GivenToken {
  const { now } = request;
  if (claims.exp * 1000 <= now) throw invalid('token_expired');
  ports.revocations.assertFresh(now);
  if (ports.revocations.isRevoked(claims)) throw invalid('token_revoked');
  assertEnabled(claims.client_id, ports);
  // Only who holds the key of a bound token may use it (RFC 9449 §7, RFC 8705 §3): the request shows the same key, and what
  // comes of it is bound to that as well.
  if (!satisfies(shownBy(request), claims.cnf)) throw invalid('subject_token_unproven');

  // What a pairwise client is told of people who act is for its sector alone (OpenID Connect Core §8.1), and names nobody here.
  if (claims.told && isOfPeople(claims.act, ports)) throw invalid('subject_token_foreign');

  const { sub, client_id, aud, exp, jti, sid, act, may_act, exchanged_from = [], auth_time, acr, amr, cnf } = claims;
  const authentication = auth_time !== undefined && acr !== undefined && amr && { auth_time, acr, amr, authTimeRequired: false };
  return {
    ...{ sub, client_id, exp, jti, exchanged_from },
    audience: typeof aud === 'string' ? [aud] : aud,
    scopes: claims.scope === '' ? [] : claims.scope.split(' '),
    ...(sid !== undefined && { sid }),
    ...(act && { act }),
    ...(may_act && { may_act }),
    ...(authentication && { authentication }),
    ...(cnf && { confirmation: cnf }),
  };
}

function isOfPeople(act: Actor | undefined, ports: GrantPorts): boolean {
  if (!act) return false;
  return (act.iss === undefined && ports.clients.find(act.sub) === undefined) || isOfPeople(act.act, ports);
}

function shownBy({ confirmation, evidence }: GrantRequest): Confirmation {
  const thumbprint = certificateThumbprint(evidence);
  return { ...confirmation, ...(thumbprint !== undefined && { 'x5t#S256': thumbprint }) };
}

/**
 * An ID Token says who signed in, to the client that it is for; so it is good for that client alone, and for the scopes that
 * the person has allowed it. What comes of it ends with the session.
 */
async function readIdToken(token: string, { client, parameters, now }: GrantRequest, ports: GrantPorts): Promise<GivenToken> {
  const claims = token.length <= 8192 ? ports.signingKeys.verify(token, idTokenType) : undefined;
  if (claims?.['iss'] !== ports.issuer) throw invalid('token_signature_wrong');
  const { sub, aud, exp, iat, acr, amr, sid, auth_time } = claims;
  // Other JWTs of ours have the same typ; only an ID Token says how somebody signed in.
  if (typeof sub !== 'string' || typeof exp !== 'number' || typeof iat !== 'number') throw invalid('token_kind_wrong');
  if (typeof acr !== 'string' || !isTexts(amr)) throw invalid('token_kind_wrong');
  // A pairwise subject names a person to one sector only (OpenID Connect Core §8.1).
  if (aud !== client.client_id || client.subject_type === 'pairwise') throw invalid('subject_token_foreign');
  if (exp * 1000 <= now) throw invalid('token_expired');
  const session = typeof sid === 'string' ? { sid } : {};
  ports.revocations.assertFresh(now);
  if (ports.revocations.isRevoked({ jti: '', sub, client_id: aud, iat, ...session, ...(typeof auth_time === 'number' && { auth_time }) }))
    throw invalid('token_revoked');

  const authentication = typeof auth_time === 'number' && { authentication: { auth_time, acr, amr, authTimeRequired: false } };
  const scopes = await allowedScopes(sub, client, parameters.get('resource') ?? [], ports);
  return { sub, client_id: client.client_id, scopes, exp, jti: 'cc', ...session, exchanged_from: [], ...authentication };
}

/** What was allowed for the resources that are asked for, or for none in particular. */
async function allowedScopes(sub: string, client: Client, asked: readonly string[], { consents }: GrantPorts): Promise<readonly string[]> {
  if (client.consentSkipped) return client.scopes;
  const all = await consents.find(sub, client.client_id);
  const remembered = all.filter(({ resource }) => resource === '' || asked.includes(resource));
  return [...new Set(remembered.flatMap(({ scopes }) => scopes))];
}

/** A JWT of an issuer that this client may bring (RFC 7523). Where it can be used here, its issuer does not say. */
async function readJwt(token: string, { client, now }: GrantRequest, ports: GrantPorts): Promise<GivenToken> {
  try {
    const { issuer, sub, exp, claims } = await verifyAssertion(token, client, ports, now);
    const { act, may_act } = claims;
    // A rule that cannot be read lets nobody through.
    if (may_act !== undefined && !isObject(may_act)) throw invalid('subject_token_invalid');
    return {
      sub: await subjectOf(sub, issuer, ports),
      scopes: mostOf(issuer, client),
      exp,
      jti: issuer.tokenFamily,
      exchanged_from: [],
      ...(act !== undefined && { act: readActor(act, issuer.issuer) }),
      ...(may_act && { may_act }),
    };
  } catch (error) {
    // RFC 8693 §2.2.2: whatever is wrong with a given token is invalid_request.
    if (error instanceof OAuthError && error.error === 'invalid_grant') throw invalid(error.reason);
    throw error;
  }
}

/** A client that was disabled holds nothing that is worth anything, in whosever hands it is. */
function assertEnabled(client_id: string, { clients }: GrantPorts): void {
  if (!clients.isLive(client_id)) throw invalid('client_disabled');
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** One answer for all of them (RFC 8693 §2.2.2); the log has the truth. */
export function invalid(reason: Reason): OAuthError {
  return new OAuthError('invalid_request', reason, { description: 'a token that was given is not valid for this' });
}
