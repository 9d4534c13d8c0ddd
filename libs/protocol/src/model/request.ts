import type { Confirmation } from './authorization.ts';
import type { Client } from './client.ts';

/** The parameters of a form or query in the order sent; repeated only where a specification allows it. */
export type Parameters = readonly { readonly name: string; readonly value: string }[];

/** What the edge saw of the connection: the only facts that it may assert. */
export interface Evidence {
  peer_address: string;
  method: string;
  url: string;
  user_agent: string;
  /** DER; empty when there was none. */
  tls_client_certificate: Uint8Array;
  /** Its chain ends at an authority that the operator named; a self-signed one only shows its key (RFC 8705 §2). */
  tls_client_certificate_verified: boolean;
  /** The DPoP header (RFC 9449 §4.1); empty when there was none. Several of them arrive joined by a comma. */
  dpop: string;
}

/** A request to an endpoint that clients authenticate at: token, introspection, revocation. */
export interface EndpointRequest {
  parameters: Parameters;
  /** The Authorization header; empty when there was none. */
  authorization: string;
  evidence: Evidence;
}

/** A token request after client authentication, cut down to what its grant declares. */
export interface GrantRequest {
  client: Client;
  /** Only the parameters that the grant type declares. */
  parameters: ReadonlyMap<string, readonly string[]>;
  /** What the edge saw of the connection. */
  evidence: Evidence;
  /** What the tokens will be bound to; absent: they are bearer tokens. */
  confirmation?: Confirmation | undefined;
  /** Unix milliseconds. */
  now: number;
}

/** A successful token response (RFC 6749 §5.1); empty strings stand for absent. */
export interface TokenResponse {
  access_token: string;
  token_type: string;
  expires_in: number;
  refresh_token: string;
  scope: string;
  id_token: string;
  issued_token_type: string;
  /** For the client's next proof (RFC 9449 §8.2); empty where none was shown. */
  dpop_nonce: string;
}

/** A pushed authorization response (RFC 9126 §2.2). */
export interface PushedAuthorizationResponse {
  request_uri: string;
  expires_in: number;
  /** For the client's next proof (RFC 9449 §8.2); empty where none was shown. */
  dpop_nonce: string;
}

/** A device authorization response (RFC 8628 §3.2). */
export interface DeviceAuthorizationResponse {
  device_code: string;
  user_code: string;
  verification_uri: string;
  verification_uri_complete: string;
  expires_in: number;
  interval: number;
}

/** A UserInfo answer (OpenID Connect Core §5.3.2). */
export interface UserInfoResponse {
  body: string;
  content_type: string;
  /** For the client's next proof (RFC 9449 §9); empty where none was shown. */
  dpop_nonce: string;
}
