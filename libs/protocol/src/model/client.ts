/**
 * A client as the core sees it. Wire names keep their spelling (RFC 7591 §2, OpenID Connect Registration §2);
 * what is ours is camelCase.
 */
export interface Client {
  client_id: string;
  client_name?: string;
  redirect_uris: readonly string[];
  grant_types: readonly string[];
  response_types: readonly string[];
  token_endpoint_auth_method: string;
  /** Scopes that it may ask for. */
  scopes: readonly string[];
  jwks?: { keys: readonly Record<string, unknown>[] };
  jwks_uri?: string;
  id_token_signed_response_alg: SigningAlgorithm;
  post_logout_redirect_uris: readonly string[];
  /** Seconds. */
  default_max_age?: number;
  require_auth_time: boolean;
  default_acr_values: readonly string[];
  application_type: 'web' | 'native';
  client_uri?: string;
  logo_uri?: string;
  policy_uri?: string;
  tos_uri?: string;
  contacts?: readonly string[];
  /** PKCE may be left out: for old clients only (RFC 9700 §2.1.1). */
  pkceOptional: boolean;
  /** The operator's own application: consent is not asked. */
  consentSkipped: boolean;
  /** The client is a resource server under this identifier (RFC 8707). */
  resourceIdentifier?: string;
  /** Resources that it may ask for. */
  allowedResources: readonly string[];
  /** The resource when a request names none; absent: the issuer. */
  defaultResource?: string;
  /** Its assertions may name the token endpoint as audience, as before RFC 10070. */
  legacyAssertionAudience: boolean;
  refreshTokenRotation: 'default' | 'always' | 'never';
  disabled: boolean;
  /** May hold tokens for `<issuer>/admin`. */
  operator: boolean;
  /** Seconds; absent: the server's. */
  accessTokenLifetime?: number;
}

/** Algorithms that this server signs with. */
export type SigningAlgorithm = 'ES256' | 'RS256' | 'EdDSA';

/** A public client has no credential (RFC 6749 §2.1). */
export function isPublic(client: Client): boolean {
  return client.token_endpoint_auth_method === 'none';
}

/** Whether a refresh replaces the refresh token: public clients by default (RFC 9700 §2.2.2, house.md "Refresh"). */
export function rotates(client: Client): boolean {
  if (client.refreshTokenRotation === 'default') return isPublic(client);
  return client.refreshTokenRotation === 'always';
}
