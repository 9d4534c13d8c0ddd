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
}

/** A pushed authorization response (RFC 9126 §2.2). */
export interface PushedAuthorizationResponse {
  request_uri: string;
  expires_in: number;
}

/** A UserInfo answer (OpenID Connect Core §5.3.2). */
export interface UserInfoResponse {
  body: string;
  content_type: string;
}
