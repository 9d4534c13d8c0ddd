import type { Client } from '@authority/contracts/admin';

type FieldOf<Kind> = { [K in keyof Client]: Client[K] extends Kind ? K : never }[keyof Client] & string;

/** An option of `clients create` and `clients update`, and the field that it sets. */
export interface FieldOption {
  readonly field: FieldOf<string> | FieldOf<string[]> | FieldOf<boolean> | FieldOf<number> | 'localized';
  readonly flag: string;
  readonly kind: 'text' | 'list' | 'flag' | 'number' | 'map';
  readonly doc: string;
}

/** How a client binds its tokens, pushes and signs its requests, has answers encrypted, hears of logouts, and what it is trusted with. */
export const securityOptions: readonly FieldOption[] = [
  { field: 'software_id', flag: '--software-id <id>', kind: 'text', doc: 'which software it is an instance of' },
  { field: 'software_version', flag: '--software-version <version>', kind: 'text', doc: 'version of that software' },
  {
    field: 'initiate_login_uri',
    flag: '--initiate-login-uri <uri>',
    kind: 'text',
    doc: 'where a sign-in that somebody else asked for begins',
  },
  { field: 'token_endpoint_auth_signing_alg', flag: '--auth-signing-alg <alg>', kind: 'text', doc: 'the one algorithm of its assertions' },
  {
    field: 'tls_client_auth_subject_dn',
    flag: '--tls-subject-dn <dn>',
    kind: 'text',
    doc: 'tls_client_auth: the subject of its certificate',
  },
  { field: 'tls_client_auth_san_dns', flag: '--tls-san-dns <name>', kind: 'text', doc: 'tls_client_auth: a DNS name in its certificate' },
  { field: 'tls_client_auth_san_uri', flag: '--tls-san-uri <uri>', kind: 'text', doc: 'tls_client_auth: a URI in its certificate' },
  {
    field: 'tls_client_auth_san_ip',
    flag: '--tls-san-ip <address>',
    kind: 'text',
    doc: 'tls_client_auth: an IP address in its certificate',
  },
  {
    field: 'tls_client_auth_san_email',
    flag: '--tls-san-email <address>',
    kind: 'text',
    doc: 'tls_client_auth: an email address in its certificate',
  },
  {
    field: 'tls_client_certificate_bound_access_tokens',
    flag: '--tls-bound-access-tokens [true|false]',
    kind: 'flag',
    doc: 'its access tokens are bound to its certificate',
  },
  { field: 'dpop_bound_access_tokens', flag: '--dpop-bound-access-tokens [true|false]', kind: 'flag', doc: 'it always brings DPoP proofs' },
  {
    field: 'require_pushed_authorization_requests',
    flag: '--require-par [true|false]',
    kind: 'flag',
    doc: 'its authorization requests are pushed, or refused',
  },
  {
    field: 'require_signed_request_object',
    flag: '--require-signed-request [true|false]',
    kind: 'flag',
    doc: 'its authorization requests are signed, or refused',
  },
  {
    field: 'request_object_signing_alg',
    flag: '--request-object-alg <alg>',
    kind: 'text',
    doc: 'the one algorithm of its request objects',
  },
  {
    field: 'request_object_encryption_alg',
    flag: '--request-object-encryption-alg <alg>',
    kind: 'text',
    doc: 'key algorithm of its request objects',
  },
  {
    field: 'request_object_encryption_enc',
    flag: '--request-object-encryption-enc <enc>',
    kind: 'text',
    doc: 'content algorithm of its request objects',
  },
  { field: 'request_uris', flag: '--request-uri <uri>', kind: 'list', doc: 'where its request objects may lie; repeat for several' },
  { field: 'subject_type', flag: '--subject-type <type>', kind: 'text', doc: 'public or pairwise' },
  {
    field: 'sector_identifier_uri',
    flag: '--sector-identifier-uri <uri>',
    kind: 'text',
    doc: 'publishes the redirect URIs that share pairwise subjects',
  },
  {
    field: 'id_token_encrypted_response_alg',
    flag: '--id-token-encryption-alg <alg>',
    kind: 'text',
    doc: 'key algorithm of its encrypted ID Tokens',
  },
  {
    field: 'id_token_encrypted_response_enc',
    flag: '--id-token-encryption-enc <enc>',
    kind: 'text',
    doc: 'content algorithm of its encrypted ID Tokens',
  },
  {
    field: 'userinfo_signed_response_alg',
    flag: '--userinfo-alg <alg>',
    kind: 'text',
    doc: 'UserInfo answers are signed; JSON when nothing is said',
  },
  {
    field: 'userinfo_encrypted_response_alg',
    flag: '--userinfo-encryption-alg <alg>',
    kind: 'text',
    doc: 'key algorithm of its encrypted UserInfo answers',
  },
  {
    field: 'userinfo_encrypted_response_enc',
    flag: '--userinfo-encryption-enc <enc>',
    kind: 'text',
    doc: 'content algorithm of its encrypted UserInfo answers',
  },
  {
    field: 'introspection_signed_response_alg',
    flag: '--introspection-alg <alg>',
    kind: 'text',
    doc: 'algorithm of its signed introspection answers',
  },
  {
    field: 'introspection_encrypted_response_alg',
    flag: '--introspection-encryption-alg <alg>',
    kind: 'text',
    doc: 'key algorithm of its encrypted ones',
  },
  {
    field: 'introspection_encrypted_response_enc',
    flag: '--introspection-encryption-enc <enc>',
    kind: 'text',
    doc: 'content algorithm of its encrypted ones',
  },
  { field: 'backchannel_logout_uri', flag: '--backchannel-logout-uri <uri>', kind: 'text', doc: 'told when a session has ended' },
  {
    field: 'backchannel_logout_session_required',
    flag: '--backchannel-logout-session [true|false]',
    kind: 'flag',
    doc: 'logout tokens have sid',
  },
  {
    field: 'frontchannel_logout_uri',
    flag: '--frontchannel-logout-uri <uri>',
    kind: 'text',
    doc: 'a page that is framed when a session ends',
  },
  {
    field: 'frontchannel_logout_session_required',
    flag: '--frontchannel-logout-session [true|false]',
    kind: 'flag',
    doc: 'that page is given iss and sid',
  },
  { field: 'profile', flag: '--profile <name>', kind: 'text', doc: 'oauth2.1 or fapi2-security: whatever is weaker is refused' },
  { field: 'access_token_format', flag: '--access-token-format <format>', kind: 'text', doc: 'jwt or opaque' },
  {
    field: 'token_exchange_subjects',
    flag: '--token-exchange <whose>',
    kind: 'text',
    doc: 'whose tokens it may exchange: own, or any client’s',
  },
  {
    field: 'token_exchange_impersonation',
    flag: '--token-exchange-impersonation [true|false]',
    kind: 'flag',
    doc: 'the new token may say nothing of who acts',
  },
  {
    field: 'token_exchange_delegation',
    flag: '--token-exchange-delegation [true|false]',
    kind: 'flag',
    doc: 'the new token may name who acts',
  },
  {
    field: 'token_exchange_audiences',
    flag: '--token-exchange-audience <audience>',
    kind: 'list',
    doc: 'audiences that it may exchange for; repeat for several',
  },
  {
    field: 'allowed_origins',
    flag: '--allowed-origin <origin>',
    kind: 'list',
    doc: 'origins of pages that may call the endpoints; repeat for several',
  },
  {
    field: 'jwt_bearer_issuers',
    flag: '--jwt-bearer-issuer <issuer>',
    kind: 'list',
    doc: 'issuers whose assertions it may bring; repeat for several',
  },
];
