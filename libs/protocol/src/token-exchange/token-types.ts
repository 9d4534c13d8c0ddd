import { OAuthError } from '@authority/errors';
import type { Authorization } from '../model/authorization.ts';
import { accessTokenFormat, type AccessTokenPorts } from '../tokens/access-token.ts';

const urn = 'urn:ietf:params:oauth:token-type:';

/** RFC 8693 §3. */
export const tokenTypes = { accessToken: `${urn}access_token`, idToken: `${urn}id_token`, jwt: `${urn}jwt` } as const;
export type TokenType = (typeof tokenTypes)[keyof typeof tokenTypes];

/** What can be given; a refresh token cannot: it is for the token endpoint alone, and its own grant does what is needed. */
export function readTokenType(value: string): TokenType {
  const known = Object.values(tokenTypes).find((type) => type === value);
  if (!known) throw unsupported();
  return known;
}

/**
 * RFC 8693 §2.1: access tokens alone are issued, in the format of their resource. Refresh tokens would outlive what they
 * were exchanged for, ID Tokens would say that somebody signed in who did not. Who asks for a JWT gets an access token that
 * is one, or nothing (§3).
 */
export function readRequestedType(value: string | undefined): TokenType {
  const known = [tokenTypes.accessToken, tokenTypes.jwt].find((type) => type === (value ?? tokenTypes.accessToken));
  if (!known) throw unsupported();
  return known;
}

/** The target, or the client, has its access tokens sealed: nobody gets what they say by asking for another type. */
export function assertJwt(authorization: Authorization, ports: Pick<AccessTokenPorts, 'issuer' | 'policy' | 'resources'>): void {
  if (accessTokenFormat(authorization, ports) !== 'jwt') throw unsupported();
}

function unsupported(): OAuthError {
  return new OAuthError('invalid_request', 'token_type_unsupported', { description: 'the token type is not supported' });
}
