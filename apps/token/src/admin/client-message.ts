import { Client as ClientMessage } from '@authority/contracts/admin';
import { OAuthError } from '@authority/errors';
import { etagOf, fieldInvalid } from '@authority/listing';
import {
  adminResource,
  assertClientFits,
  type Client,
  isOperatorScope,
  operatorRegistrationPolicy,
  type Profile,
  rulesFor,
  validateRegistration,
} from '@authority/protocol';
import type { StoredClient } from '../postgres/client-rows.ts';
import { accessTokenFormatOf, profileOf, tokenExchangeMessage, tokenExchangeOf, trustOf } from './operator-fields.ts';

/** What an update mask may name; the rest is made by the server. */
export const mutableClientFields = [
  'client_name',
  'redirect_uris',
  'grant_types',
  'response_types',
  'token_endpoint_auth_method',
  'scope',
  'jwks',
  'jwks_uri',
  'id_token_signed_response_alg',
  'post_logout_redirect_uris',
  'default_max_age',
  'require_auth_time',
  'default_acr_values',
  'application_type',
  'client_uri',
  'logo_uri',
  'policy_uri',
  'tos_uri',
  'contacts',
  'pkce_optional',
  'consent_skipped',
  'resource_identifier',
  'allowed_resources',
  'default_resource',
  'legacy_assertion_audience',
  'refresh_token_rotation',
  'disabled',
  'operator',
  'access_token_lifetime',
  'software_id',
  'software_version',
  'initiate_login_uri',
  'token_endpoint_auth_signing_alg',
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
  'tls_client_certificate_bound_access_tokens',
  'dpop_bound_access_tokens',
  'require_pushed_authorization_requests',
  'require_signed_request_object',
  'request_object_signing_alg',
  'request_object_encryption_alg',
  'request_object_encryption_enc',
  'request_uris',
  'subject_type',
  'sector_identifier_uri',
  'id_token_encrypted_response_alg',
  'id_token_encrypted_response_enc',
  'userinfo_signed_response_alg',
  'userinfo_encrypted_response_alg',
  'userinfo_encrypted_response_enc',
  'introspection_signed_response_alg',
  'introspection_encrypted_response_alg',
  'introspection_encrypted_response_enc',
  'backchannel_logout_uri',
  'backchannel_logout_session_required',
  'frontchannel_logout_uri',
  'frontchannel_logout_session_required',
  'profile',
  'access_token_format',
  'token_exchange_subjects',
  'token_exchange_impersonation',
  'token_exchange_delegation',
  'token_exchange_audiences',
  'allowed_origins',
  'jwt_bearer_issuers',
  'localized',
] as const satisfies readonly (keyof ClientMessage)[];

export function toMessage({ client, origin, createdAt, updatedAt }: StoredClient): ClientMessage {
  const { scopes, jwks, pkceOptional, consentSkipped, resourceIdentifier, allowedResources, defaultResource, ...rest } = client;
  const { legacyAssertionAudience, refreshTokenRotation, accessTokenLifetime, ...metadata } = rest;
  const { accessTokenFormat, tokenExchange, allowedOrigins, jwtBearerIssuers, ...registered } = metadata;
  const message = ClientMessage.fromPartial({
    ...(registered as Partial<ClientMessage>), // what is left has the same names and types in both
    scope: scopes.join(' '),
    jwks: jwks === undefined ? '' : JSON.stringify(jwks),
    pkce_optional: pkceOptional,
    consent_skipped: consentSkipped,
    resource_identifier: resourceIdentifier ?? '',
    allowed_resources: [...allowedResources],
    default_resource: defaultResource ?? '',
    legacy_assertion_audience: legacyAssertionAudience,
    refresh_token_rotation: refreshTokenRotation,
    access_token_lifetime: accessTokenLifetime ?? 0,
    access_token_format: accessTokenFormat ?? '',
    ...(tokenExchange && tokenExchangeMessage(tokenExchange)),
    allowed_origins: [...(allowedOrigins ?? [])],
    jwt_bearer_issuers: [...(jwtBearerIssuers ?? [])],
    origin,
    create_time_ms: createdAt,
    update_time_ms: updatedAt,
  });
  return { ...message, etag: etagOf(message) };
}

/** What holds for every client here. */
export interface ClientTerms {
  issuer: string;
  /** The server's. */
  profile: Profile | undefined;
}

/** A client as an operator describes it: the rules of a registration, and the operator's own fields. */
export function fromMessage(message: ClientMessage, client_id: string, { issuer, profile }: ClientTerms): Client {
  const registration = registrationOf(message);
  const { resource_identifier, default_resource, access_token_lifetime } = message;
  const client: Client = {
    ...registration,
    client_id,
    consentSkipped: message.consent_skipped,
    allowedResources: message.allowed_resources,
    legacyAssertionAudience: message.legacy_assertion_audience,
    refreshTokenRotation: rotationOf(message.refresh_token_rotation),
    disabled: message.disabled,
    operator: message.operator,
    ...(resource_identifier !== '' && { resourceIdentifier: resource_identifier }),
    ...(default_resource !== '' && { defaultResource: default_resource }),
    ...(access_token_lifetime !== 0 && { accessTokenLifetime: access_token_lifetime }),
    ...accessTokenFormatOf(message),
    ...tokenExchangeOf(message),
    ...trustOf(message),
  };
  assertProfile(client, profile);
  assertResources(client, issuer);
  assertOperator(client, issuer);
  if (access_token_lifetime > 86_400) throw fieldInvalid('client.access_token_lifetime', 'must be at most 86400 seconds');
  return client;
}

function registrationOf(message: ClientMessage): ReturnType<typeof validateRegistration> {
  const given = (list: string[]): string[] | undefined => (list.length === 0 ? undefined : list);
  const input = {
    ...message,
    ...localizedOf(message),
    grant_types: given(message.grant_types),
    response_types: given(message.response_types),
    jwks: jwksOf(message.jwks),
    default_max_age: message.default_max_age || undefined,
    contacts: given(message.contacts),
    ...(message.pkce_optional && { require_pkce: false }),
  };
  const profile = profileOf(message.profile, 'client.profile');
  return refusedByField(() => validateRegistration(input, { ...operatorRegistrationPolicy, ...(profile && { profile }) }));
}

/** A refusal of the core, told of the field that it names. */
function refusedByField<T>(judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const description = error.description ?? error.error;
    throw fieldInvalid(`client.${fieldOf(description) ?? 'redirect_uris'}`, description);
  }
}

/** The member that a refusal names first; the longest, where one name begins another. */
function fieldOf(description: string): string | undefined {
  const names = [...mutableClientFields].sort((one, other) => other.length - one.length);
  const words = description.match(/[a-z_]+/g) ?? [];
  return words.flatMap((word) => names.find((name) => word === name) ?? []).at(0);
}

/** Members with a language and nothing else: under them no other member comes in. */
function localizedOf({ localized }: ClientMessage): Record<string, string> {
  const foreign = Object.keys(localized).find((name) => !/^(?:client_name|client_uri|logo_uri|policy_uri|tos_uri)#./.test(name));
  if (foreign !== undefined) throw fieldInvalid('client.localized', `${foreign.slice(0, 80)} is no member with a language`);
  return localized;
}

function jwksOf(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw fieldInvalid('client.jwks', 'must be a JWK Set as JSON');
  }
}

function rotationOf(word: string): Client['refreshTokenRotation'] {
  if (word === '' || word === 'default') return 'default';
  if (word === 'always' || word === 'never') return word;
  throw fieldInvalid('client.refresh_token_rotation', 'must be default, always or never');
}

/** A client that gets no tokens may be what it likes: it must be possible to disable one that fits no more. */
function assertProfile(client: Client, profile: Profile | undefined): void {
  if (client.disabled) return;
  refusedByField(() => assertClientFits(client, rulesFor(client, { profile: () => profile })));
}

/** RFC 8707 §2: absolute URIs without a fragment. */
function assertResources({ resourceIdentifier, allowedResources, defaultResource }: Client, issuer: string): void {
  const fields = [
    ['resource_identifier', resourceIdentifier],
    ['default_resource', defaultResource],
    ...allowedResources.map((resource, at) => [`allowed_resources[${at}]`, resource] as const),
  ] as const;
  for (const [field, value] of fields) {
    if (value === undefined) continue;
    if (!URL.canParse(value) || value.includes('#') || value.length > 1024) {
      throw fieldInvalid(`client.${field}`, 'must be an absolute URI without a fragment');
    }
  }
  if (resourceIdentifier === issuer || resourceIdentifier === adminResource(issuer)) {
    throw fieldInvalid('client.resource_identifier', 'is the identifier of this server itself');
  }
}

/** The operators' scopes and audience are for operator clients alone (contract.md, "Operators"). */
function assertOperator({ operator, scopes, allowedResources, defaultResource }: Client, issuer: string): void {
  if (operator) return;
  if (scopes.some(isOperatorScope)) throw fieldInvalid('client.scope', 'scopes that begin with authority. need operator: true');
  const admin = adminResource(issuer);
  if (defaultResource === admin) throw fieldInvalid('client.default_resource', `${admin} needs operator: true`);
  if (allowedResources.includes(admin)) throw fieldInvalid('client.allowed_resources', `${admin} needs operator: true`);
}
