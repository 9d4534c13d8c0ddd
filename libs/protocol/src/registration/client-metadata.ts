import { OAuthError } from '@authority/errors';
import { canonicalResponseType, responseTypes } from '../authorize/checks/response-type.ts';
import { clientAuthenticationMethods } from '../client-authentication/index.ts';
import { grants } from '../grants/index.ts';
import type { SigningAlgorithm } from '../model/client.ts';
import type { ClientRegistration, RegistrationPolicy } from '../model/registration.ts';
import { redirectUriFault } from '../primitives/redirect-uri.ts';
import { isOperatorScope, isScopeToken } from '../primitives/scope.ts';
import { readKeys } from './keys.ts';
import { invalidMetadata, Metadata } from './metadata.ts';
import { scopesOf } from './policy.ts';

const algorithms: readonly SigningAlgorithm[] = ['RS256', 'ES256', 'EdDSA'];
const implicitTypes: readonly string[] = ['token', 'id_token', 'id_token token'];
const hybridTypes: readonly string[] = ['code id_token', 'code token', 'code id_token token'];

/**
 * Client metadata (RFC 7591 §2, OpenID Connect Registration §2) with its defaults, every member checked, within a policy.
 * Throws invalid_client_metadata or invalid_redirect_uri with what is wrong. For registration by clients and by operators.
 */
export function validateRegistration(input: unknown, policy: RegistrationPolicy): ClientRegistration {
  const metadata = new Metadata(input);
  const application_type = metadata.choice('application_type', ['web', 'native'], 'web');
  const token_endpoint_auth_method = readAuthMethod(metadata, policy);
  const grant_types = readGrantTypes(metadata, policy);
  const response_types = readResponseTypes(metadata, grant_types, policy);
  assertForPeople(metadata, token_endpoint_auth_method, grant_types);

  return {
    application_type,
    token_endpoint_auth_method,
    grant_types,
    response_types,
    redirect_uris: readRedirectUris(metadata, application_type, grant_types),
    scopes: readScopes(metadata, policy),
    id_token_signed_response_alg: metadata.choice('id_token_signed_response_alg', algorithms, 'RS256'),
    post_logout_redirect_uris: readUris(metadata, 'post_logout_redirect_uris', application_type),
    require_auth_time: metadata.flag('require_auth_time') ?? false,
    default_acr_values: metadata.texts('default_acr_values', 20) ?? [],
    pkceOptional: readPkceOptional(metadata, token_endpoint_auth_method, policy),
    ...readKeys(metadata, token_endpoint_auth_method),
    ...present({ default_max_age: metadata.seconds('default_max_age'), contacts: metadata.texts('contacts', 20) }),
    ...readPresentation(metadata),
  };
}

/** What people see of a client (RFC 7591 §2). */
function readPresentation(metadata: Metadata) {
  return present({
    client_name: metadata.text('client_name', 200),
    client_uri: metadata.webAddress('client_uri'),
    logo_uri: metadata.webAddress('logo_uri'),
    policy_uri: metadata.webAddress('policy_uri'),
    tos_uri: metadata.webAddress('tos_uri'),
  });
}

function readAuthMethod(metadata: Metadata, policy: RegistrationPolicy): string {
  const known = clientAuthenticationMethods.map(({ name }) => name);
  const allowed =
    policy.tokenEndpointAuthMethods.length > 0 ? known.filter((name) => policy.tokenEndpointAuthMethods.includes(name)) : known;
  const byDefault = allowed.includes('client_secret_basic') ? 'client_secret_basic' : (allowed[0] ?? 'client_secret_basic');
  return metadata.choice('token_endpoint_auth_method', allowed, byDefault);
}

function readGrantTypes(metadata: Metadata, policy: RegistrationPolicy): readonly string[] {
  const asked = metadata.texts('grant_types', 20) ?? ['authorization_code'];
  if (asked.length === 0) throw invalidMetadata('grant_types is empty');
  for (const type of asked) {
    const forbidden = (type === 'password' && !policy.allowPassword) || (type === 'implicit' && !policy.allowImplicit);
    if (forbidden || !grants.some((grant) => grant.type === type)) throw invalidMetadata(`the grant type ${type} is not available`);
  }
  return asked;
}

/** Response types fit the grant types (RFC 7591 §2.1), the policy and this server. */
function readResponseTypes(metadata: Metadata, grantTypes: readonly string[], policy: RegistrationPolicy): readonly string[] {
  const byCode = grantTypes.includes('authorization_code');
  const asked = (metadata.texts('response_types', 20) ?? (byCode ? ['code'] : [])).map(canonicalResponseType);
  for (const type of asked) {
    const forbidden = (implicitTypes.includes(type) && !policy.allowImplicit) || (hybridTypes.includes(type) && !policy.allowHybrid);
    if (forbidden || !responseTypes.includes(type)) throw invalidMetadata(`the response type ${type} is not available`);
  }
  if (byCode !== asked.includes('code')) throw invalidMetadata('response_types and grant_types do not fit together');
  return asked;
}

/** A grant without people needs a client with credentials (RFC 6749 §4.4); a refresh token needs something to come from. */
function assertForPeople(metadata: Metadata, method: string, grantTypes: readonly string[]): void {
  if (method === 'none' && grantTypes.includes('client_credentials'))
    throw invalidMetadata('client_credentials needs client authentication');
  if (grantTypes.includes('refresh_token') && grantTypes.every((type) => type === 'refresh_token' || type === 'client_credentials')) {
    throw invalidMetadata('refresh_token needs a grant type that gives refresh tokens');
  }
  const subjectType = metadata.text('subject_type');
  if (subjectType !== undefined && subjectType !== 'public') throw invalidMetadata('subject_type is not public');
}

function readRedirectUris(metadata: Metadata, type: 'web' | 'native', grantTypes: readonly string[]): readonly string[] {
  const uris = metadata.texts('redirect_uris', 50) ?? [];
  if (uris.length === 0 && grantTypes.includes('authorization_code')) throw invalidRedirectUri('redirect_uris is missing');
  for (const uri of uris) {
    const fault = redirectUriFault(uri, type);
    if (fault !== undefined) throw invalidRedirectUri(`a redirect URI ${fault}`);
  }
  return uris;
}

function invalidRedirectUri(description: string): OAuthError {
  return new OAuthError('invalid_redirect_uri', 'client_metadata_invalid', { description });
}

function readUris(metadata: Metadata, name: string, type: 'web' | 'native'): readonly string[] {
  const uris = metadata.texts(name, 50) ?? [];
  for (const uri of uris) {
    const fault = redirectUriFault(uri, type);
    if (fault !== undefined) throw invalidMetadata(`one of ${name} ${fault}`);
  }
  return uris;
}

/** Scopes within the policy, all of them when none is named; the operators' never by registration (contract.md). */
function readScopes(metadata: Metadata, policy: RegistrationPolicy): readonly string[] {
  const asked = metadata
    .text('scope', 4096)
    ?.split(' ')
    .filter((scope) => scope !== '');
  if (!asked) return scopesOf(policy).filter((scope) => !isOperatorScope(scope));
  for (const scope of asked) {
    const allowed = policy.operator === true || (scopesOf(policy).includes(scope) && !isOperatorScope(scope));
    if (!isScopeToken(scope) || !allowed) throw invalidMetadata(`the scope ${scope} is not available`);
  }
  return [...new Set(asked)];
}

/** `require_pkce: false` where the policy lets it, and never for a public client (RFC 9700 §2.1.1). */
function readPkceOptional(metadata: Metadata, method: string, policy: RegistrationPolicy): boolean {
  if (metadata.flag('require_pkce') !== false) return false;
  if (!policy.allowNoPkce)
    throw new OAuthError('invalid_client_metadata', 'registration_policy', { description: 'require_pkce must be true' });
  if (method === 'none') throw invalidMetadata('require_pkce must be true for a client without credentials');
  return true;
}

/** Without the members that were not given. */
function present<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // Object.fromEntries loses the key types that the filter keeps.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
