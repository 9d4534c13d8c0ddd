import type { Authorization } from '../model/authorization.ts';
import type { TokenResponse } from '../model/request.ts';
import type { ProtocolPorts } from '../ports.ts';
import { type AccessTokenPorts, makeAccessToken } from './access-token.ts';
import { idTokenClaims, idTokenType } from './id-token.ts';
import { formatRefreshToken } from './refresh-token.ts';

export type IssuePorts = AccessTokenPorts & Pick<ProtocolPorts, 'refreshTokenMac' | 'revocations'>;

/**
 * The one mint (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3): every token of every grant is made here, so that none can
 * forget audience, `auth_time` or the freshness of the revocation set. Stores nothing; memory and CPU alone.
 */
export function issue(authorization: Authorization, ports: IssuePorts, now: number): TokenResponse {
  // What rests on a row was checked against the not-befores by the statement that read it; a client's own token was not.
  if (!authorization.grant) ports.revocations.assertFreshEnoughToMint(now);

  const access =
    authorization.accessToken === false
      ? { ...noAccessToken, scope: authorization.scopes.join(' ') }
      : accessToken(authorization, ports, now);
  return {
    ...access,
    refresh_token: refreshToken(authorization, ports),
    id_token: idToken(authorization, access.access_token, ports, now),
    issued_token_type: authorization.issuedTokenType ?? '',
    dpop_nonce: '',
  };
}

type AccessToken = Pick<TokenResponse, 'access_token' | 'token_type' | 'expires_in' | 'scope'>;

const noAccessToken = { access_token: '', token_type: '', expires_in: 0 };

function accessToken(authorization: Authorization, ports: IssuePorts, now: number): AccessToken {
  const { access_token, claims } = makeAccessToken(authorization, ports, now);
  const token_type = authorization.confirmation?.jkt === undefined ? 'Bearer' : 'DPoP';
  return { access_token, token_type, expires_in: claims.exp - claims.iat, scope: claims.scope };
}

function refreshToken({ refresh }: Authorization, ports: IssuePorts): string {
  return refresh ? formatRefreshToken(refresh, ports) : '';
}

function idToken(authorization: Authorization, access_token: string, ports: IssuePorts, now: number): string {
  const { authentication, client } = authorization;
  if (!authorization.idToken || !authentication) return '';
  const claims = idTokenClaims(authorization, authentication, access_token, ports, now);
  return ports.signingKeys.sign(client.id_token_signed_response_alg, idTokenType, claims);
}
