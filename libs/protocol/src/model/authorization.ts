import type { Client } from './client.ts';

/**
 * What a grant establishes: who, to whom, which scope, which session. Never tokens; the one mint makes those
 * (tokens/issue.ts), so that no grant can forget a shared step.
 */
export interface Authorization {
  client: Client;
  /** Subject; the client itself for client credentials (RFC 9068 §2.2). */
  sub: string;
  scopes: readonly string[];
  /** The resources of the access token, several only where all are shared; empty: the client's default, else the issuer. */
  resources: readonly string[];
  /** The durable grant behind it; absent for client credentials, which leave no row. */
  grant?: LiveGrant;
  /** What it rests on instead of a grant; absent: on nothing but the client. */
  origin?: TokenOrigin;
  /** Of a token exchange (RFC 8693 §2.2.1). */
  issuedTokenType?: string;
  /** Absent for client credentials: nobody signed in. */
  authentication?: Authentication;
  /** The ID Token's nonce; only at the code exchange. */
  nonce?: string;
  /** What the refresh token to answer with is made of; absent: none is answered. */
  refresh?: { handle: Uint8Array; generation: number; keyId: string; partition: number };
  /** An ID Token is answered (OpenID Connect Core §3.1.3.3, §12.2). */
  idToken: boolean;
  /** False where none is answered: a response type without `token`. */
  accessToken?: false;
  /** The code that is answered beside the ID Token, for `c_hash` (OpenID Connect Core §3.3.2.11). */
  code?: string;
  /** Claims of the person that the ID Token brings (OpenID Connect Core §5.4, §5.5). */
  about?: Readonly<Record<string, unknown>>;
  /** What the access token is bound to; absent: it is a bearer token. */
  confirmation?: Confirmation;
}

/** What a token is bound to, as its `cnf` says (RFC 7800 §3). */
export interface Confirmation {
  /** Thumbprint of the key of DPoP proofs (RFC 9449 §6.1). */
  jkt?: string;
  /** Thumbprint of a client certificate (RFC 8705 §3.1). */
  'x5t#S256'?: string;
}

/** What an access token rests on where no grant of its own is behind it: another token, or an assertion. */
export interface TokenOrigin {
  /** The beginning of its `jti`: whatever ends that, ends it (house.md, "One revocation set"). */
  jti: string;
  /** It lives no longer than this. Seconds. */
  exp?: number;
  /** The session that it ends with. */
  sid?: string;
  /** Who acts for the subject, and for whom before (RFC 8693 §4.1). */
  act?: Actor;
  /** Who may act for the subject (RFC 8693 §4.4); goes along, so that an exchange does not lose it. */
  may_act?: Readonly<Record<string, unknown>>;
  /** Clients that the tokens before it were issued to; the end of one ends it. */
  exchanged_from?: readonly string[];
}

/** `act` (RFC 8693 §4.1): the current actor, and the one before as its own `act`. */
export interface Actor {
  sub: string;
  /** Of another issuer than this one. */
  iss?: string;
  /** The client, where the actor is a person. */
  client_id?: string;
  act?: Actor;
}

/** How and when the person proved who they are. */
export interface Authentication {
  /** Seconds. */
  auth_time: number;
  acr: string;
  amr: readonly string[];
  /** The session that it was in; absent where there was none (the password grant). */
  sid?: string;
  /** Whether `auth_time` must be in the ID Token (max_age was asked, or require_auth_time). */
  authTimeRequired: boolean;
}

/** A grant: one authorization on one device, one row (house.md, "Refresh"). */
export interface LiveGrant {
  /** Public id; the beginning of every `jti` under it. */
  grant_id: string;
  client_id: string;
  sub: string;
  /** The session that it ends with; absent for offline grants. */
  sid?: string;
  scopes: readonly string[];
  resources: readonly string[];
  /** Claims that UserInfo answers besides those of the scopes (OpenID Connect Core §5.5); absent: none. */
  userinfo_claims?: readonly string[];
  authentication?: Authentication;
  /** What its refresh tokens are bound to: the key of a public client (RFC 9449 §5, RFC 8705 §4). */
  confirmation?: Confirmation;
  /** Unix milliseconds. */
  createdAt: number;
  /** Absolute end, Unix milliseconds. */
  expiresAt: number;
}

/** What a code carries, sealed: all that the tokens need, put there while the person was present. */
export interface CodeEnvelope {
  version: 1;
  client_id: string;
  redirect_uri: string;
  /** The request named redirect_uri, so the exchange must repeat it (RFC 6749 §4.1.3). */
  redirectUriGiven: boolean;
  code_challenge?: string;
  scopes: readonly string[];
  resources: readonly string[];
  /** Claims asked for by name; absent in those of a release before. */
  userinfo_claims?: readonly string[];
  id_token_claims?: readonly string[];
  nonce?: string;
  /** Thumbprint of the key whose proof the exchange must show (RFC 9449 §10). */
  dpop_jkt?: string;
  sub: string;
  authentication: Authentication;
  grant_id: string;
  /** The secret handle of the grant's refresh tokens, base64url of 16 bytes. */
  handle: string;
  offline: boolean;
  /** A refresh token is due (the client has the grant; for OpenID requests offline_access was granted). */
  refresh: boolean;
  /** Unix milliseconds. */
  issuedAt: number;
  expiresAt: number;
  /** Absolute end of the grant, Unix milliseconds. */
  grantExpiresAt: number;
}

/** A refresh token, taken apart (house.md, "Refresh"). */
export interface RefreshTokenParts {
  keyId: string;
  /** Day of the grant's absolute end, days since 1970. */
  partition: number;
  /** 16 bytes. */
  handle: Uint8Array;
  generation: number;
}

/** How the parameters of an authorization request came here. */
export interface Delivery {
  /** By the back channel, from the client itself (RFC 9126). */
  pushed: boolean;
  /** In an object that the client signed (RFC 9101). */
  signed: boolean;
}

/** The parameters of an authorization request that count, and how they came. */
export interface DeliveredRequest {
  parameters: readonly { name: string; value: string }[];
  delivery: Delivery;
  /** What was asked when it came, defaults included. */
  scopes?: readonly string[];
  /** The pushed request that its answer uses up. */
  pushed?: string;
}

/** An authorization request that a client pushed, judged already (RFC 9126 §2.1). */
export interface PushedRequest {
  version: 1;
  client_id: string;
  parameters: readonly { name: string; value: string }[];
  /** What was asked when it came, defaults included. */
  scopes: readonly string[];
  delivery: Delivery;
  /** When it can no longer be begun, Unix milliseconds. */
  expiresAt: number;
}

/** An authorization request that is being worked on, as it is stored under its interaction handle. */
export interface StoredAuthorizationRequest {
  version: 1;
  client_id: string;
  parameters: readonly { name: string; value: string }[];
  /** What was asked when it came, defaults included; absent in those of a release before. */
  scopes?: readonly string[];
  /** Absent in those of a release before: neither pushed nor signed. */
  delivery?: Delivery;
  /** Id of the pushed request that its answer uses up. */
  pushed?: string;
  /** SHA-256 of the browser cookie; empty until a cross-site POST is bound by the GET that follows. */
  browser: string;
  /** Unix milliseconds; of one that came unbound: when it was bound. */
  createdAt: number;
  /** prompt=select_account has been answered by a sign-in or a choice at this time. */
  selectedAt?: number;
  expiresAt: number;
}

/** A session's facts, from the session service. */
export interface SessionFacts {
  sid: string;
  sub: string;
  /** Unix milliseconds. */
  authTimeMs: number;
  amr: readonly string[];
  acr: string;
  /** Unix milliseconds. */
  expiresAt: number;
}
