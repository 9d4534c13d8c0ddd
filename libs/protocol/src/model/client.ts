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
  /** What it is called and where its pages are, in other languages: `client_name#de` (RFC 7591 §2.2). */
  localized?: Readonly<Record<string, string>>;
  contacts?: readonly string[];
  /** RFC 7591 §2: which software this is an instance of. */
  software_id?: string;
  software_version?: string;
  /** Where the client begins a sign-in that somebody else asked for (OpenID Connect Core §4). */
  initiate_login_uri?: string;

  /** The one algorithm of its assertions; absent: any (OpenID Connect Registration §2). */
  token_endpoint_auth_signing_alg?: string;
  /** Whom the certificate of `tls_client_auth` names: exactly one of them (RFC 8705 §2.1.2). */
  tls_client_auth_subject_dn?: string;
  tls_client_auth_san_dns?: string;
  tls_client_auth_san_uri?: string;
  tls_client_auth_san_ip?: string;
  tls_client_auth_san_email?: string;
  /** Its access tokens are bound to its certificate (RFC 8705 §3.4). */
  tls_client_certificate_bound_access_tokens?: boolean;
  /** It always brings DPoP proofs (RFC 9449 §5.2). */
  dpop_bound_access_tokens?: boolean;

  /** RFC 9126 §6. */
  require_pushed_authorization_requests?: boolean;
  /** RFC 9101 §10.5. */
  require_signed_request_object?: boolean;
  /** Absent: any that the server verifies; never `none`. */
  request_object_signing_alg?: string;
  request_object_encryption_alg?: string;
  request_object_encryption_enc?: string;
  /** Where its request objects may lie; compared whole, fragment included (OpenID Connect Registration §2). */
  request_uris?: readonly string[];

  /** Absent: public (OpenID Connect Core §8). */
  subject_type?: 'public' | 'pairwise';
  sector_identifier_uri?: string;
  id_token_encrypted_response_alg?: string;
  id_token_encrypted_response_enc?: string;
  /** Absent: UserInfo is JSON (OpenID Connect Core §5.3.2). */
  userinfo_signed_response_alg?: SigningAlgorithm;
  userinfo_encrypted_response_alg?: string;
  userinfo_encrypted_response_enc?: string;
  /** RFC 9701 §6. */
  introspection_signed_response_alg?: SigningAlgorithm;
  introspection_encrypted_response_alg?: string;
  introspection_encrypted_response_enc?: string;

  /** Back-Channel Logout §2.2. */
  backchannel_logout_uri?: string;
  backchannel_logout_session_required?: boolean;
  /** Front-Channel Logout §2. */
  frontchannel_logout_uri?: string;
  frontchannel_logout_session_required?: boolean;

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
  /** What it must keep to, beyond what the server demands of everybody; from its policy or its operator. */
  profile?: Profile;
  /** Absent: JWT (RFC 9068). */
  accessTokenFormat?: 'jwt' | 'opaque';
  /** Absent: it exchanges no tokens, whatever its grant types (RFC 8693). */
  tokenExchange?: TokenExchangePolicy;
  /** Origins of pages that may call the endpoints (CORS); absent: see allowedOrigins. */
  allowedOrigins?: readonly string[];
  /** Issuers whose assertions it may bring as grants; absent: none (RFC 7523 §2.1). */
  jwtBearerIssuers?: readonly string[];
}

/** Sets of rules that refuse everything weaker. */
export const profiles = ['oauth2.1', 'fapi2-security'] as const;
export type Profile = (typeof profiles)[number];

/** Whom a client may stand in for (RFC 8693 §1.1). */
export interface TokenExchangePolicy {
  /** Tokens that were issued to it, or those of any client. */
  subjects: 'own' | 'any';
  impersonation: boolean;
  delegation: boolean;
  /** Audiences that it may exchange for, besides its allowed resources. */
  audiences: readonly string[];
}

/** Algorithms that this server signs with. */
export const signingAlgorithms = ['RS256', 'ES256', 'EdDSA', 'PS256'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** A public client has no credential (RFC 6749 §2.1). */
export function isPublic(client: Client): boolean {
  return client.token_endpoint_auth_method === 'none';
}

/** Whether a refresh replaces the refresh token: public clients by default (RFC 9700 §2.2.2, house.md "Refresh"). */
export function rotates(client: Client): boolean {
  if (client.refreshTokenRotation === 'default') return isPublic(client);
  return client.refreshTokenRotation === 'always';
}

/** Origins of pages that may call the endpoints for this client: its own list, or where a public client is redirected to. */
export function allowedOrigins(client: Client): readonly string[] {
  if (client.allowedOrigins) return client.allowedOrigins;
  if (!isPublic(client)) return [];
  const web = client.redirect_uris.filter((uri) => uri.startsWith('https://') || uri.startsWith('http://'));
  return [...new Set(web.map((uri) => new URL(uri).origin))];
}
