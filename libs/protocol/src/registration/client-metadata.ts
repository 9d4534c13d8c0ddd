import { OAuthError } from '@authority/errors';
import { type Profile, type SigningAlgorithm, signingAlgorithms } from '../model/client.ts';
import type { ClientRegistration, RegistrationPolicy } from '../model/registration.ts';
import { isOperatorScope, isScopeToken } from '../primitives/scope.ts';
import { allowsAlgorithm, assertClientFits, rulesOf, stricter } from '../profiles/index.ts';
import type { ProfileRules } from '../profiles/profile.ts';
import { readClientAuthentication, readTlsSubject } from './client-authentication.ts';
import { readEncryption } from './encryption.ts';
import { readGrantTypes, readResponseTypes } from './grant-types.ts';
import { readKeys } from './keys.ts';
import { readLogout } from './logout.ts';
import { invalidMetadata, Metadata, present } from './metadata.ts';
import { scopesOf } from './policy.ts';
import { readPresentation } from './presentation.ts';
import { readAddresses, readRedirectUris } from './redirect-uris.ts';
import { readRequestObject } from './request-object.ts';
import { readSenderConstraint } from './sender-constraint.ts';
import { readSubjectType } from './subject-type.ts';

/**
 * Client metadata (RFC 7591 §2, OpenID Connect Registration §2) with its defaults, every member checked, within a policy.
 * Throws invalid_client_metadata or invalid_redirect_uri with what is wrong. For registration by clients and by operators.
 * The profile of the policy stays with the client; the server's is looked at now and at each request.
 */
export function validateRegistration(input: unknown, policy: RegistrationPolicy, serverProfile?: Profile): ClientRegistration {
  const rules = rulesOf(stricter(policy.profile, serverProfile));
  const registration = readRegistration(new Metadata(input), policy, rules);
  assertClientFits(registration, rules);
  return registration;
}

function readRegistration(metadata: Metadata, policy: RegistrationPolicy, rules: ProfileRules | undefined): ClientRegistration {
  const application_type = metadata.choice('application_type', ['web', 'native'], 'web');
  const authentication = readClientAuthentication(metadata, policy, rules);
  const method = authentication.token_endpoint_auth_method;
  const grant_types = readGrantTypes(metadata, method, policy);
  const response_types = readResponseTypes(metadata, grant_types, policy);
  const redirect_uris = readRedirectUris(metadata, application_type, grant_types);
  const encryption = readEncryption(metadata);

  return {
    ...authentication,
    ...readTlsSubject(metadata, method),
    ...readSenderConstraint(metadata),
    application_type,
    grant_types,
    response_types,
    redirect_uris,
    scopes: readScopes(metadata, policy),
    id_token_signed_response_alg: metadata.choice('id_token_signed_response_alg', signingAlgorithms, idTokenAlgorithm(rules)),
    post_logout_redirect_uris: readAddresses(metadata, 'post_logout_redirect_uris', application_type),
    require_auth_time: metadata.flag('require_auth_time') ?? false,
    default_acr_values: metadata.texts('default_acr_values', 20) ?? [],
    pkceOptional: readPkceOptional(metadata, method, policy),
    ...readKeys(metadata, method, encryption),
    ...encryption,
    ...readRequestObject(metadata),
    ...readSubjectType(metadata, redirect_uris, grant_types, policy),
    ...readLogout(metadata, redirect_uris),
    ...present({
      default_max_age: metadata.seconds('default_max_age'),
      userinfo_signed_response_alg: metadata.optionalChoice('userinfo_signed_response_alg', signingAlgorithms),
      introspection_signed_response_alg: metadata.optionalChoice('introspection_signed_response_alg', signingAlgorithms),
      profile: policy.profile,
    }),
    ...readPresentation(metadata),
  };
}

/** RS256 where nothing is said (OpenID Connect Registration §2), but for profiles that refuse it. */
function idTokenAlgorithm(rules: ProfileRules | undefined): SigningAlgorithm {
  return signingAlgorithms.find((alg) => allowsAlgorithm(alg, rules)) ?? 'RS256';
}

/** Scopes within the policy, all of them when none is named; the operators' never by registration (contract.md). */
function readScopes(metadata: Metadata, policy: RegistrationPolicy): readonly string[] {
  const asked = metadata
    .text('scope', 4096)
    ?.split(' ')
    .filter((scope) => scope !== '');
  if (!asked) return scopesOf(policy).filter((scope) => !isOperatorScope(scope));
  for (const scope of asked) {
    const isOffered = scopesOf(policy).includes(scope) || policy.openScopes?.includes(scope);
    const allowed = policy.operator === true || (isOffered && !isOperatorScope(scope));
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
