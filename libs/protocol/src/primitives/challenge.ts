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

/** A request without any token learns only the scheme (RFC 6750 §3.1). */
export function tokenMissing(reason: Reason = 'token_missing'): OAuthError {
  return new OAuthError('invalid_token', reason, { challenge: 'Bearer realm="authority"' });
}
