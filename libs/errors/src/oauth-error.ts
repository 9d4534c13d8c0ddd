import { errorDescription, usualDescriptions } from './description.ts';
import type { Reason } from './reason.ts';

/** Error codes of the IANA registry "OAuth Extensions Error Registration" that this server answers. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'access_denied'
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'unsupported_token_type'
  | 'invalid_target'
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'invalid_software_statement'
  | 'unapproved_software_statement'
  | 'login_required'
  | 'interaction_required'
  | 'consent_required'
  | 'account_selection_required'
  | 'registration_not_supported'
  | 'invalid_request_uri'
  | 'invalid_request_object'
  | 'unmet_authentication_requirements'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce';

export interface OAuthErrorOptions {
  /** `error_description`: helps a developer, says nothing that an attacker could use. Left out: the usual one of the error. */
  description?: string;
  /** The value of `WWW-Authenticate` where the RFC asks for one. */
  challenge?: string;
  /** The value of `DPoP-Nonce` (RFC 9449 §8). */
  dpopNonce?: string;
  cause?: unknown;
}

/** An expected refusal of a protocol request. `error` goes over the wire; `reason` goes to logs and metrics only. */
export class OAuthError extends Error {
  readonly error: OAuthErrorCode;
  readonly reason: Reason;
  /** Within the grammar of RFC 6749 appendix A.8, whatever was given. */
  readonly description: string;
  readonly challenge: string | undefined;
  readonly dpopNonce: string | undefined;

  constructor(error: OAuthErrorCode, reason: Reason, options: OAuthErrorOptions = {}) {
    super(`${error}: ${reason}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OAuthError';
    this.error = error;
    this.reason = reason;
    this.description = errorDescription(options.description ?? usualDescriptions[error] ?? '');
    this.challenge = options.challenge;
    this.dpopNonce = options.dpopNonce;
  }
}
