import { codeChallengeMethods } from '../authorize/checks/code-challenge.ts';
import { responseModes } from '../authorize/checks/response-mode.ts';
import { responseTypes } from '../authorize/checks/response-type.ts';
import { frontChannelGrantTypes } from '../authorize/response-types.ts';
import { prompts } from '../authorize/request.ts';
import { requestObjectAlgorithms } from '../authorize/request-object.ts';
import { clientAuthenticationMethods } from '../client-authentication/index.ts';
import type { ClientAuthenticationMethod } from '../client-authentication/method.ts';
import { contentEncryptionAlgorithms, encryptionAlgorithms } from '../encryption/algorithms.ts';
import { endpointUrl } from './paths.ts';
import { deviceCode } from '../grants/device-code.ts';
import type { Grant } from '../grants/grant.ts';
import { grants } from '../grants/index.ts';
import type { Profile, SigningAlgorithm } from '../model/client.ts';
import { allowsAlgorithm, rulesOf } from '../profiles/index.ts';
import type { ProfileRules } from '../profiles/profile.ts';
import { proofAlgorithms } from '../tokens/dpop.ts';
import { subjectTypes } from '../tokens/pairwise.ts';

/** What this server can do, each list from the table that the code itself runs by. */
export interface Registries {
  grants: readonly Grant[];
  clientAuthenticationMethods: readonly ClientAuthenticationMethod[];
  responseTypes: readonly string[];
  responseModes: readonly string[];
  /** Grant types that the authorization endpoint alone serves: `implicit`. */
  frontChannelGrantTypes: readonly string[];
  codeChallengeMethods: readonly string[];
  prompts: readonly string[];
  requestObjectAlgorithms: readonly string[];
  encryptionAlgorithms: readonly string[];
  contentEncryptionAlgorithms: readonly string[];
  proofAlgorithms: readonly string[];
  subjectTypes: readonly string[];
}

export const registries: Registries = {
  grants,
  clientAuthenticationMethods,
  responseTypes,
  responseModes,
  frontChannelGrantTypes,
  codeChallengeMethods,
  prompts,
  requestObjectAlgorithms,
  encryptionAlgorithms,
  contentEncryptionAlgorithms,
  proofAlgorithms,
  subjectTypes,
};

/** What differs between installations. */
export interface MetadataPolicy {
  /** Scopes to tell of; the operators' are not among them. */
  scopes: readonly string[];
  /** Claims that UserInfo and ID Tokens can have. */
  claims: readonly string[];
  algorithms: readonly SigningAlgorithm[];
  acrValues: readonly string[];
  uiLocales: readonly string[];
  /** Clients can register themselves, with or without a token. */
  registration: boolean;
  /** Every authorization request must be pushed (RFC 9126 §5). */
  pushedRequestsRequired: boolean;
  /** OpenID Connect Front-Channel Logout §3. */
  frontchannelLogout: boolean;
  /** OpenID Connect Session Management §3.3. */
  sessionManagement: boolean;
  /** Every authorization request must be signed (RFC 9101 §10.5). */
  signedRequestObjectsRequired: boolean;
  /** A client_id may be the address of the client's metadata. */
  clientDocuments?: boolean;
  /** Where clients with certificates call, if not at the issuer (RFC 8705 §5). */
  mtlsOrigin?: string | undefined;
  /** The server's: what it refuses is not told of. */
  profile?: Profile | undefined;
}

/** Server metadata (OpenID Connect Discovery §3, RFC 8414 §2), computed: nothing is listed twice. */
export function metadata(issuer: string, all: Registries, policy: MetadataPolicy): Record<string, unknown> {
  const rules = rulesOf(policy.profile);
  const from = rules ? registriesUnder(rules, all) : all;
  const methods = from.clientAuthenticationMethods.map(({ name }) => name);
  const confidential = methods.filter((name) => name !== 'none');
  const algorithms = policy.algorithms.filter((alg) => allowsAlgorithm(alg, rules));
  return withoutEmpty({
    issuer,
    authorization_endpoint: endpointUrl(issuer, 'authorize'),
    token_endpoint: endpointUrl(issuer, 'token'),
    userinfo_endpoint: endpointUrl(issuer, 'userinfo'),
    jwks_uri: endpointUrl(issuer, 'jwks'),
    ...(policy.registration && { registration_endpoint: endpointUrl(issuer, 'register') }),
    introspection_endpoint: endpointUrl(issuer, 'introspect'),
    revocation_endpoint: endpointUrl(issuer, 'revoke'),
    // Ours (contract.md, "HTTP"): the signed list of what has been revoked.
    authority_revocation_list_uri: endpointUrl(issuer, 'revocations'),
    end_session_endpoint: endpointUrl(issuer, 'logout'),
    // RFC 8628 §4.
    ...(from.grants.includes(deviceCode) && { device_authorization_endpoint: endpointUrl(issuer, 'device_authorization') }),
    scopes_supported: policy.scopes,
    claims_supported: policy.claims,
    response_types_supported: from.responseTypes,
    response_modes_supported: from.responseModes,
    grant_types_supported: [...from.grants.map(({ type }) => type), ...from.frontChannelGrantTypes],
    subject_types_supported: from.subjectTypes,
    id_token_signing_alg_values_supported: algorithms,
    ...encryptionMetadata('id_token', from),
    userinfo_signing_alg_values_supported: algorithms,
    ...encryptionMetadata('userinfo', from),
    // RFC 9701 §7.
    introspection_signing_alg_values_supported: algorithms,
    ...encryptionMetadata('introspection', from),
    acr_values_supported: policy.acrValues,
    prompt_values_supported: from.prompts,
    code_challenge_methods_supported: from.codeChallengeMethods,
    ...authenticationMetadata('token_endpoint', methods, from),
    // RFC 7662 §2.1: only for callers with credentials.
    ...authenticationMetadata('introspection_endpoint', confidential, from),
    ...authenticationMetadata('revocation_endpoint', methods, from),
    authorization_response_iss_parameter_supported: true,
    // draft-ietf-oauth-client-id-metadata-document §5.
    ...(policy.clientDocuments && { client_id_metadata_document_supported: true }),
    dpop_signing_alg_values_supported: from.proofAlgorithms,
    tls_client_certificate_bound_access_tokens: true,
    ...mtlsMetadata(issuer, from, policy),
    ...logoutMetadata(issuer, policy),
    claims_parameter_supported: true,
    ...requestMetadata(issuer, from, policy),
    ui_locales_supported: policy.uiLocales,
  });
}

/** RFC 8414 §3.2: what has no elements is left out. */
function withoutEmpty(document: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => !Array.isArray(value) || value.length > 0));
}

/** OpenID Connect Discovery §3: the same for what comes and what goes. */
function encryptionMetadata(what: string, from: Registries): Record<string, unknown> {
  return {
    [`${what}_encryption_alg_values_supported`]: from.encryptionAlgorithms,
    [`${what}_encryption_enc_values_supported`]: from.contentEncryptionAlgorithms,
  };
}

/** How requests may come (RFC 9126 §5, RFC 9101 §10.5, OpenID Connect Discovery §3). */
function requestMetadata(issuer: string, from: Registries, policy: MetadataPolicy): Record<string, unknown> {
  return {
    pushed_authorization_request_endpoint: endpointUrl(issuer, 'par'),
    require_pushed_authorization_requests: policy.pushedRequestsRequired || rulesOf(policy.profile)?.pushedRequests === true,
    request_parameter_supported: true,
    request_uri_parameter_supported: true,
    require_request_uri_registration: true,
    require_signed_request_object: policy.signedRequestObjectsRequired,
    request_object_signing_alg_values_supported: from.requestObjectAlgorithms,
    ...encryptionMetadata('request_object', from),
  };
}

/** What is left of the lists under a profile of the whole server. */
function registriesUnder(rules: ProfileRules, from: Registries): Registries {
  const { clientAuthenticationMethods: allowed, refusedGrantTypes, responseTypes } = rules;
  const methods = from.clientAuthenticationMethods.filter(({ name }) => !allowed || allowed.includes(name));
  return {
    ...from,
    grants: from.grants.filter(({ type }) => !refusedGrantTypes.includes(type)),
    frontChannelGrantTypes: from.frontChannelGrantTypes.filter((type) => !refusedGrantTypes.includes(type)),
    responseTypes: from.responseTypes.filter((type) => responseTypes.includes(type)),
    proofAlgorithms: from.proofAlgorithms.filter((alg) => allowsAlgorithm(alg, rules)),
    requestObjectAlgorithms: from.requestObjectAlgorithms.filter((alg) => allowsAlgorithm(alg, rules)),
    clientAuthenticationMethods: methods.map((method) => ({
      ...method,
      ...(method.signingAlgorithms && { signingAlgorithms: method.signingAlgorithms.filter((alg) => allowsAlgorithm(alg, rules)) }),
    })),
  };
}

/** RFC 8705 §5: the endpoints that clients call themselves, at an address that asks for certificates. */
function mtlsMetadata(issuer: string, from: Registries, { mtlsOrigin }: MetadataPolicy): Record<string, unknown> {
  if (mtlsOrigin === undefined) return {};
  const base = mtlsOrigin + new URL(issuer).pathname.replace(/\/$/, '');
  return {
    mtls_endpoint_aliases: {
      token_endpoint: endpointUrl(base, 'token'),
      revocation_endpoint: endpointUrl(base, 'revoke'),
      introspection_endpoint: endpointUrl(base, 'introspect'),
      userinfo_endpoint: endpointUrl(base, 'userinfo'),
      pushed_authorization_request_endpoint: endpointUrl(base, 'par'),
      ...(from.grants.includes(deviceCode) && { device_authorization_endpoint: endpointUrl(base, 'device_authorization') }),
    },
  };
}

/** OpenID Connect Back-Channel Logout §2.1, Front-Channel Logout §3, Session Management §3.3. */
function logoutMetadata(issuer: string, { frontchannelLogout, sessionManagement }: MetadataPolicy): Record<string, unknown> {
  return {
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    frontchannel_logout_supported: frontchannelLogout,
    frontchannel_logout_session_supported: frontchannelLogout,
    ...(sessionManagement && { check_session_iframe: endpointUrl(issuer, 'checkSession') }),
  };
}

/** RFC 8414 §2: the algorithms are needed where a method signs. */
function authenticationMetadata(endpoint: string, methods: readonly string[], from: Registries): Record<string, unknown> {
  const used = from.clientAuthenticationMethods.filter(({ name }) => methods.includes(name));
  const algorithms = [...new Set(used.flatMap(({ signingAlgorithms }) => signingAlgorithms ?? []))];
  return {
    [`${endpoint}_auth_methods_supported`]: methods,
    ...(algorithms.length > 0 && { [`${endpoint}_auth_signing_alg_values_supported`]: algorithms }),
  };
}
