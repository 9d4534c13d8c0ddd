import { OAuthError } from '@authority/errors';
import type { Client } from '../model/client.ts';
import type { UserInfoEndpoint } from '../model/endpoint.ts';
import type { EndpointRequest, UserInfoResponse } from '../model/request.ts';
import type { ProtocolPorts } from '../ports.ts';
import { anyTokenMissing, bearerError } from '../primitives/challenge.ts';
import { collectStrictly, find } from '../primitives/parameters.ts';
import { type AccessTokenClaims, isAudience, readAccessToken } from '../tokens/access-token.ts';
import { type DpopPorts, proofAlgorithms, withDpopNonce } from '../tokens/dpop.ts';
import { assertPossession, type PresentedToken } from '../tokens/possession.ts';
import { type UserInfoAnswerPorts, userInfoAnswer } from '../tokens/user-info.ts';

export type UserInfoPorts = UserInfoAnswerPorts & DpopPorts & Pick<ProtocolPorts, 'sealingKeys' | 'revocations' | 'clients' | 'identities'>;

/** GET and POST /oauth2/userinfo (OpenID Connect Core §5.3), a protected resource of RFC 6750. */
export function createUserInfoEndpoint(ports: UserInfoPorts): UserInfoEndpoint {
  return {
    userInfo(request, now) {
      const answered = userInfo(request, ports, now);
      return request.evidence.dpop === '' ? answered : withDpopNonce(answered, ports, now);
    },
  };
}

async function userInfo(request: EndpointRequest, ports: UserInfoPorts, now: number): Promise<UserInfoResponse> {
  const presented = readToken(request);
  const claims = assertToken(presented.token, ports, now);
  await assertPossession(claims.cnf, presented, request.evidence, ports, now);
  const scopes = claims.scope.split(' ');
  const about = await ports.identities.claims(claims.sub, scopes, claims.userinfo_claims ?? []);
  if (!about) throw bearerError('invalid_token', 'claims_unavailable', 'the access token is not valid');
  // sub last: whatever identity answers, it is the token's subject that is spoken of (§5.3.2).
  return userInfoAnswer({ ...about, sub: claims.told?.sub ?? claims.sub }, await clientOf(claims, ports), ports);
}

/** The client that the token was issued to. */
async function clientOf({ client_id }: AccessTokenClaims, { clients }: UserInfoPorts): Promise<Client> {
  try {
    await clients.load(client_id);
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    throw bearerError('invalid_token', error.reason, 'the access token is not valid');
  }
  const client = clients.find(client_id);
  if (!client || client.disabled) throw bearerError('invalid_token', 'client_disabled', 'the access token is not valid');
  return client;
}

/** The header or the form, never both (RFC 6750 §2). The query is not read (§2.3, RFC 9700 §4.3.2). */
function readToken(request: EndpointRequest): PresentedToken {
  const inForm = find(collectStrictly(request.parameters), 'access_token');
  if (request.authorization === '') {
    if (inForm === undefined) throw anyTokenMissing(proofAlgorithms);
    return { token: inForm, scheme: 'Bearer' };
  }
  if (inForm !== undefined) throw bearerError('invalid_request', 'token_repeated', 'more than one access token');
  const match = /^(bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)$/i.exec(request.authorization);
  if (!match?.[1] || !match[2]) throw anyTokenMissing(proofAlgorithms);
  return { token: match[2], scheme: match[1].toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer' };
}

function assertToken(token: string, ports: UserInfoPorts, now: number): AccessTokenClaims {
  const invalid = 'the access token is not valid';
  const claims = readAccessToken(token, ports);
  if (!claims) throw bearerError('invalid_token', 'token_signature_wrong', invalid);
  if (claims.exp * 1000 <= now) throw bearerError('invalid_token', 'token_expired', invalid);
  ports.revocations.assertFresh(now);
  if (ports.revocations.isRevoked(claims)) throw bearerError('invalid_token', 'token_revoked', invalid);
  if (!ports.clients.isLive(claims.client_id)) throw bearerError('invalid_token', 'client_disabled', invalid);
  if (!isAudience(claims, ports.issuer)) throw bearerError('invalid_token', 'token_audience_wrong', invalid);
  // openid is only ever granted to people, so the subject is one.
  if (!claims.scope.split(' ').includes('openid')) {
    throw bearerError('insufficient_scope', 'token_scope_insufficient', 'the scope openid is needed', 'openid');
  }
  return claims;
}
