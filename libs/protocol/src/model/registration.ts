import type { Client } from './client.ts';

/** What a registration may say of a client, after all checks and with all defaults (RFC 7591 §2). */
export type ClientRegistration = Pick<
  Client,
  | 'client_name'
  | 'redirect_uris'
  | 'grant_types'
  | 'response_types'
  | 'token_endpoint_auth_method'
  | 'scopes'
  | 'jwks'
  | 'jwks_uri'
  | 'id_token_signed_response_alg'
  | 'post_logout_redirect_uris'
  | 'default_max_age'
  | 'require_auth_time'
  | 'default_acr_values'
  | 'application_type'
  | 'client_uri'
  | 'logo_uri'
  | 'policy_uri'
  | 'tos_uri'
  | 'contacts'
  | 'pkceOptional'
>;

/** What the clients of an initial access token may be (contract.md, `registration-tokens create`). */
export interface RegistrationPolicy {
  /** The metadata `require_pkce: false` is allowed, for confidential clients. */
  allowNoPkce: boolean;
  allowImplicit: boolean;
  allowHybrid: boolean;
  allowPassword: boolean;
  /** Scopes that its clients may ask for; empty: the standard OpenID scopes. */
  scopes: readonly string[];
  /** Client authentication methods that its clients may use; empty: all. */
  tokenEndpointAuthMethods: readonly string[];
  /** The operator's own hand: scopes are not limited to the list. */
  operator?: boolean;
}

/** POST /oauth2/register (RFC 7591 §3.1). */
export interface RegisterRequest {
  /** The JSON text as it came. */
  body: string;
  authorization: string;
}

/** GET, PUT and DELETE /oauth2/register/{client_id} (RFC 7592 §2). */
export interface ManageRegistrationRequest {
  client_id: string;
  authorization: string;
}

export interface UpdateRegistrationRequest extends ManageRegistrationRequest {
  /** The JSON text as it came. */
  body: string;
}
