import type { Delivery } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { ResponseMode } from '../model/front-channel.ts';
import type { ProtocolPorts } from '../ports.ts';
import type { CollectedParameters } from '../primitives/parameters.ts';
import type { IdTokenHint } from '../tokens/id-token.ts';
import type { ResponseType } from './response-types.ts';

export type AuthorizePorts = Pick<
  ProtocolPorts,
  | 'issuer'
  | 'clients'
  | 'resources'
  | 'scopes'
  | 'signingKeys'
  | 'sealingKeys'
  | 'pairwiseKey'
  | 'refreshTokenMac'
  | 'revocations'
  | 'policy'
  | 'random'
  | 'authorizationCodes'
  | 'authorizationRequests'
  | 'pushedRequests'
  | 'requestObjects'
  | 'clientKeys'
  | 'decryptionKeys'
  | 'consents'
  | 'sessions'
  | 'sessionClients'
  | 'identities'
>;

/** Where an answer may be sent: known once the client and its redirect URI are. */
export interface Destination {
  client: Client;
  redirect_uri: string;
  /** The request named it, so the token request must as well (RFC 6749 §4.1.3). */
  redirectUriGiven: boolean;
}

/** An authorization request after its checks: every value valid for this client. */
export interface AuthorizationRequest extends Destination {
  state?: string;
  responseType: ResponseType;
  response_mode: ResponseMode;
  code_challenge?: string;
  dpop_jkt?: string;
  scopes: readonly string[];
  resources: readonly string[];
  prompts: ReadonlySet<Prompt>;
  /** Seconds: the request's, else the client's default. */
  maxAge?: number;
  nonce?: string;
  idTokenHint?: IdTokenHint;
  claims: RequestedClaims;
  acr: RequestedAcr;
  login_hint?: string;
  ui_locales: readonly string[];
}

export const prompts = ['none', 'login', 'consent', 'select_account', 'create'] as const;
export type Prompt = (typeof prompts)[number];

/** Asked authentication contexts in order of preference (OpenID Connect Core §3.1.2.1, §5.5.1.1). */
export interface RequestedAcr {
  values: readonly string[];
  /** Asked as an essential claim: unmet is an error. `acr_values` alone is voluntary. */
  essential: boolean;
}

/** What `claims` asks for, as far as it counts (OpenID Connect Core §5.5). */
export interface RequestedClaims {
  /** Names that UserInfo answers besides those of the scopes. */
  userinfo: readonly string[];
  /** Names that the ID Token brings. */
  idToken: readonly string[];
  /** The ID Token says when the person signed in. */
  authTime: boolean;
  acr?: RequestedAcr;
  /** Who may answer; absent: anybody. */
  subjects?: readonly unknown[];
}

/** What a check sees: the parameters and how they came. */
export interface Asked {
  parameters: CollectedParameters['map'];
  delivery: Delivery;
  ports: AuthorizePorts;
}

/**
 * One rule for a request. Answers the part of the request that it is responsible for, or throws the OAuthError of its
 * specification. A destination check runs before it is known where an answer may go, so its error is shown as a page.
 */
export interface RequestCheck {
  name: string;
  check(asked: Asked, destination: Destination, found: Partial<AuthorizationRequest>): Partial<AuthorizationRequest>;
}
