import type { OAuthErrorCode } from '@authority/errors';
import type { Confirmation } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { ClientRegistration } from '../model/registration.ts';
import type { ProfileRules } from './profile.ts';

/** What can be judged of a client when it is registered: what it says itself, and the operator's part where one wrote it. */
export type ProfiledClient = ClientRegistration & Partial<Client>;

/** An authorization request, as far as a profile judges it. */
export interface ProfiledRequest {
  client: Client;
  responseType: string;
  redirect_uri: string;
  redirectUriGiven: boolean;
  openId: boolean;
}

/** A token request before its grant is looked at. */
export interface ProfiledTokenRequest {
  client: Client;
  grantType: string;
  /** What the tokens will be bound to. */
  confirmation: Confirmation | undefined;
}

/** One rule: answers what is wrong, beginning with the name of what is, or undefined. */
export interface ProfileCheck<T> {
  name: string;
  /** Where it is another than its endpoint's usual one. */
  error?: OAuthErrorCode;
  fault(subject: T, rules: ProfileRules): string | undefined;
}

/** When a client is registered or changed. */
export const clientChecks: readonly ProfileCheck<ProfiledClient>[] = [
  { name: 'client authentication', fault: (client, rules) => authenticationFault(client.token_endpoint_auth_method, rules) },
  {
    name: 'assertion algorithm',
    fault: (client, rules) => algorithmFault('token_endpoint_auth_signing_alg', client.token_endpoint_auth_signing_alg, rules),
  },
  { name: 'ID Token algorithm', fault: (client, rules) => idTokenFault(client, rules) },
  {
    name: 'UserInfo algorithm',
    fault: (client, rules) => algorithmFault('userinfo_signed_response_alg', client.userinfo_signed_response_alg, rules),
  },
  {
    name: 'request object algorithm',
    fault: (client, rules) => algorithmFault('request_object_signing_alg', client.request_object_signing_alg, rules),
  },
  {
    name: 'grant types',
    fault: ({ grant_types }, { refusedGrantTypes }) =>
      fault(
        'grant_types',
        grant_types.find((type) => refusedGrantTypes.includes(type)),
      ),
  },
  {
    name: 'response types',
    fault: ({ response_types }, { responseTypes }) =>
      fault(
        'response_types',
        response_types.find((type) => !responseTypes.includes(type)),
      ),
  },
  {
    name: 'redirect URIs',
    fault: ({ redirect_uris, application_type }, rules) =>
      fault(
        'redirect_uris',
        redirect_uris.find((uri) => isPlainHttp(uri, application_type, rules)),
      ),
  },
  { name: 'PKCE', fault: ({ pkceOptional }) => (pkceOptional ? 'pkce_optional is refused' : undefined) },
  {
    name: 'assertion audience',
    fault: ({ legacyAssertionAudience }) => (legacyAssertionAudience ? 'legacy_assertion_audience is refused' : undefined),
  },
  { name: 'refresh token rotation', fault: rotationFault },
];

/** When somebody is sent to the authorization endpoint. */
export const requestChecks: readonly ProfileCheck<ProfiledRequest>[] = [
  { name: 'client authentication', fault: ({ client }, rules) => authenticationFault(client.token_endpoint_auth_method, rules) },
  { name: 'ID Token algorithm', fault: ({ client, openId }, rules) => (openId ? idTokenFault(client, rules) : undefined) },
  {
    name: 'response type',
    fault: ({ responseType }, { responseTypes }) => fault('response_type', responseTypes.includes(responseType) ? undefined : responseType),
  },
  {
    name: 'redirect URI',
    fault: ({ redirect_uri, redirectUriGiven, client }, rules) => {
      if (rules.pushedRequests && !redirectUriGiven) return 'redirect_uri is missing';
      return isPlainHttp(redirect_uri, client.application_type, rules) ? 'redirect_uri is not https' : undefined;
    },
  },
];

/** At the token endpoint, before anything is used up. */
export const tokenChecks: readonly ProfileCheck<ProfiledTokenRequest>[] = [
  {
    name: 'grant type',
    error: 'unauthorized_client',
    fault: ({ grantType }, { refusedGrantTypes }) => fault('grant_type', refusedGrantTypes.includes(grantType) ? grantType : undefined),
  },
  {
    name: 'sender-constrained tokens',
    fault: ({ confirmation }, { senderConstrainedTokens }) =>
      senderConstrainedTokens && confirmation === undefined ? 'a DPoP proof or a client certificate is needed' : undefined,
  },
];

export function authenticationFault(method: string, { clientAuthenticationMethods: allowed }: ProfileRules): string | undefined {
  if (allowed === undefined || allowed.includes(method)) return undefined;
  return `token_endpoint_auth_method is none of ${allowed.join(', ')}`;
}

function algorithmFault(name: string, alg: string | undefined, { signingAlgorithms: allowed }: ProfileRules): string | undefined {
  if (alg === undefined || allowed === undefined || allowed.includes(alg)) return undefined;
  return `${name} is none of ${allowed.join(', ')}`;
}

/** Where no person takes part there is no ID Token, and its algorithm does not matter. */
function idTokenFault({ response_types, id_token_signed_response_alg }: ProfiledClient, rules: ProfileRules): string | undefined {
  return response_types.length === 0 ? undefined : algorithmFault('id_token_signed_response_alg', id_token_signed_response_alg, rules);
}

function isPlainHttp(uri: string, application_type: string, { httpForNativeOnly }: ProfileRules): boolean {
  return httpForNativeOnly && application_type !== 'native' && uri.startsWith('http:');
}

function rotationFault(client: ProfiledClient, rules: ProfileRules): string | undefined {
  const { refreshTokenRotation: rotation, token_endpoint_auth_method } = client;
  if (rules.refreshTokenRotation === 'none') return rotation === 'always' ? 'refresh_token_rotation always is refused' : undefined;
  const isBound = client.dpop_bound_access_tokens || client.tls_client_certificate_bound_access_tokens;
  const isRefused = rotation === 'never' && token_endpoint_auth_method === 'none' && !isBound;
  return isRefused ? 'refresh_token_rotation never is refused for a public client' : undefined;
}

function fault(name: string, refused: string | undefined): string | undefined {
  return refused === undefined ? undefined : `${name} must not be ${refused}`;
}
