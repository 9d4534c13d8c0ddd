import { OAuthError, type OAuthErrorOptions, type Reason } from '@authority/errors';

/** 401 with the scheme that a client may use (RFC 6749 §5.2, RFC 9110 §15.5.2). One description: nothing to probe. */
export function invalidClient(reason: Reason, options: OAuthErrorOptions = {}): OAuthError {
  return new OAuthError('invalid_client', reason, {
    description: 'client authentication failed',
    challenge: 'Basic realm="authority"',
    ...options,
  });
}

/** A refusal of a protected resource with its challenge (RFC 6750 §3). */
export function bearerError(
  error: 'invalid_request' | 'invalid_token' | 'insufficient_scope',
  reason: Reason,
  description: string,
  scope?: string,
): OAuthError {
  const attributes = [`error="${error}"`, `error_description="${description}"`];
  if (scope !== undefined) attributes.push(`scope="${scope}"`);
  return new OAuthError(error, reason, {
    description,
    challenge: `Bearer realm="authority", ${attributes.join(', ')}`,
  });
}

export type DpopErrorCode = 'invalid_token' | 'invalid_dpop_proof' | 'use_dpop_nonce';

/** The same for a token that is bound to a key, with the algorithms of proofs (RFC 9449 §7.1). */
export function dpopError(
  error: DpopErrorCode,
  reason: Reason,
  description: string,
  algorithms: readonly string[],
  options: OAuthErrorOptions = {},
): OAuthError {
  const attributes = `error="${error}", error_description="${description}", algs="${algorithms.join(' ')}"`;
  return new OAuthError(error, reason, { ...options, description, challenge: `DPoP realm="authority", ${attributes}` });
}

/** The same where tokens that are bound to a key are taken as well: both schemes (RFC 9449 §7.2). */
export function anyTokenMissing(algorithms: readonly string[]): OAuthError {
  const schemes = `Bearer realm="authority", DPoP realm="authority", algs="${algorithms.join(' ')}"`;
  return new OAuthError('invalid_token', 'token_missing', { challenge: schemes });
}

/** A request without any token learns only the scheme (RFC 6750 §3.1). */
export function tokenMissing(reason: Reason = 'token_missing'): OAuthError {
  return new OAuthError('invalid_token', reason, { challenge: 'Bearer realm="authority"' });
}
