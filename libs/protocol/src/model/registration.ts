import type { Client, Profile } from './client.ts';

/** What only an operator says of a client. */
export const operatorFields = [
  'consentSkipped',
  'resourceIdentifier',
  'allowedResources',
  'defaultResource',
  'legacyAssertionAudience',
  'refreshTokenRotation',
  'disabled',
  'operator',
  'accessTokenLifetime',
  'accessTokenFormat',
  'tokenExchange',
  'allowedOrigins',
  'jwtBearerIssuers',
] as const satisfies readonly (keyof Client)[];

type OperatorField = (typeof operatorFields)[number];

/** What a registration may say of a client, after all checks and with all defaults (RFC 7591 §2); the profile by its policy. */
export type ClientRegistration = Omit<Client, OperatorField | 'client_id'>;

/** The part of a client that a registration said. */
export function registrationOf(client: Client): ClientRegistration {
  const { client_id: _, ...registration } = client;
  const all: Partial<Client> = registration;
  for (const field of operatorFields) delete all[field];
  return registration;
}

/** The operator's part, which a registration leaves as it is. */
export type OperatorMetadata = Pick<Client, OperatorField>;

export function operatorMetadata(client: Client): OperatorMetadata {
  const { consentSkipped, allowedResources, legacyAssertionAudience, refreshTokenRotation, disabled, operator } = client;
  const always = { consentSkipped, allowedResources, legacyAssertionAudience, refreshTokenRotation, disabled, operator };
  const given = operatorFields.filter((field) => client[field] !== undefined).map((field) => [field, client[field]]);
  return { ...always, ...Object.fromEntries(given) };
}

/** What the clients of an initial access token may be (contract.md, `registration-tokens create`). */
export interface RegistrationPolicy {
  /** The metadata `require_pkce: false` is allowed, for confidential clients. */
  allowNoPkce: boolean;
  allowImplicit: boolean;
  allowHybrid: boolean;
  allowPassword: boolean;
  /** Absent in policies that an earlier release stored: not allowed. */
  allowDevice?: boolean;
  /** Grant types that its clients may have; absent: all that nothing else here forbids. */
  grantTypes?: readonly string[];
  /** Scopes that its clients may ask for; empty: the standard OpenID scopes. */
  scopes: readonly string[];
  /** Client authentication methods that its clients may use; empty: all. */
  tokenEndpointAuthMethods: readonly string[];
  /** What its clients must keep to. */
  profile?: Profile;
  /** Scopes that everybody may ask for besides; looked up when metadata is judged, never stored. */
  openScopes?: readonly string[];
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
