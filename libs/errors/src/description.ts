import type { OAuthErrorCode } from './oauth-error.ts';

/** RFC 6749 appendix A.8: %x20-21 / %x23-5B / %x5D-7E; in a challenge it stands between quotes (RFC 6750 §3). */
export function errorDescription(text: string): string {
  return text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "'");
}

/**
 * What an error means, where its thrower has no more to say: because the code says it all, or because whoever asks could
 * use more. The log has the reason.
 */
export const usualDescriptions: Readonly<Record<OAuthErrorCode, string>> = {
  invalid_request: 'the request is not well-formed',
  invalid_client: 'client authentication failed',
  invalid_grant: 'the grant is not valid, has expired or was used',
  unauthorized_client: 'the client is not registered for this',
  unsupported_grant_type: 'grant_type is not supported',
  unsupported_response_type: 'response_type is not supported',
  invalid_scope: 'the scope is unknown, malformed or not allowed to this client',
  access_denied: 'the request was denied',
  authorization_pending: 'the person has not decided yet',
  slow_down: 'ask less often',
  expired_token: 'the device code has expired',
  server_error: 'something went wrong on our side',
  temporarily_unavailable: 'try again in a moment',
  invalid_token: 'the access token is not valid',
  insufficient_scope: 'the access token lacks a scope',
  unsupported_token_type: 'the token type is not supported',
  invalid_target: 'the resource is unknown or not allowed to this client',
  invalid_redirect_uri: 'a redirect URI is not valid',
  invalid_client_metadata: 'the client metadata is not valid',
  invalid_software_statement: 'the software statement is not valid',
  unapproved_software_statement: 'the software statement is not approved',
  login_required: 'the person must sign in first',
  interaction_required: 'the person must be asked first',
  consent_required: 'the person must consent first',
  account_selection_required: 'the person must choose an account first',
  registration_not_supported: 'registration is not supported',
  invalid_request_uri: 'request_uri is not valid',
  invalid_request_object: 'the request object is not valid',
  unmet_authentication_requirements: 'the authentication that was asked for cannot be reached',
  invalid_dpop_proof: 'the DPoP proof is missing or not valid for this request',
  use_dpop_nonce: 'the DPoP proof needs the nonce of this answer',
};
