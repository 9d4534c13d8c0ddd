import { OAuthError } from '@authority/errors';

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
 * were exchanged for, ID Tokens would say that somebody signed in who did not.
 */
export function assertRequestedType(value: string | undefined): void {
  if (value !== undefined && value !== tokenTypes.accessToken) throw unsupported();
}

function unsupported(): OAuthError {
  return new OAuthError('invalid_request', 'token_type_unsupported', { description: 'the token type is not supported' });
}
