export { summaryOf } from './authorize/details.ts';
export { createAllowedOriginEndpoint } from './endpoints/allowed-origin.ts';
export { createAuthorizeEndpoint } from './endpoints/authorize.ts';
export { createDeviceAuthorizationEndpoint } from './endpoints/device-authorization.ts';
export { createDeviceVerificationEndpoint, isDeviceVerification } from './endpoints/device-verification.ts';
export { createEndSessionEndpoint } from './endpoints/end-session.ts';
export { createIntrospectionEndpoint } from './endpoints/introspection.ts';
export { type MetadataPolicy, metadata, type Registries, registries } from './endpoints/metadata.ts';
export { adminResource } from './endpoints/paths.ts';
export { createPushedAuthorizationEndpoint } from './endpoints/pushed-authorization.ts';
export { createRegistrationEndpoint } from './endpoints/registration.ts';
export { createRevocationEndpoint } from './endpoints/revocation.ts';
export { createTokenEndpoint } from './endpoints/token.ts';
export { createUserInfoEndpoint } from './endpoints/user-info.ts';
export type * from './model/authorization.ts';
export * from './model/client.ts';
export type * from './model/device.ts';
export type * from './model/endpoint.ts';
export type * from './model/front-channel.ts';
export * from './model/registration.ts';
export * from './model/resource.ts';
export type * from './model/request.ts';
export type * from './model/trusted-issuer.ts';
export type * from './ports.ts';
export { personClaims } from './primitives/person-claims.ts';
export { isClientId, makeClientId, makeSecret, makeSigningSecret } from './primitives/identifiers.ts';
export { isOperatorScope, isScopeToken, standardScopes } from './primitives/scope.ts';
export { assertClientFits, rulesFor } from './profiles/index.ts';
export { openScopesOf } from './model/resource.ts';
export { documentAddressFault, isDocumentAddress } from './primitives/document-address.ts';
export { clientOfDocument, type DocumentTerms } from './registration/client-document.ts';
export { readKeySet as readPublicKeys } from './registration/keys.ts';
export { validateRegistration } from './registration/client-metadata.ts';
export { assertSectorIdentifier } from './registration/subject-type.ts';
export { openRegistrationPolicy, operatorRegistrationPolicy } from './registration/policy.ts';
export {
  blindedRevocation,
  recentSpan,
  type RevokedEntry,
  type RevokedKind,
  revocationList,
  revocationListType,
} from './tokens/revocation-list.ts';
export { type EndedSession, type LogoutTokenPorts, makeLogoutToken } from './tokens/logout-token.ts';
