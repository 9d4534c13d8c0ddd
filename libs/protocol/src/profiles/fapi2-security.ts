import type { ProfileRules } from './profile.ts';

/**
 * FAPI 2.0 Security Profile (Final) §5.3.2: confidential clients that sign or show a certificate, requests that are pushed,
 * tokens that only their holder can use. The device grant is not among its flows: who approves need not be who asked.
 */
export const fapi2Security: ProfileRules = {
  name: 'fapi2-security',
  clientAuthenticationMethods: ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'],
  // §5.4.1; Ed25519 is the one curve of EdDSA that this server knows, under its newer name (RFC 9864).
  signingAlgorithms: ['PS256', 'ES256', 'EdDSA', 'Ed25519'],
  responseTypes: ['code'],
  refusedGrantTypes: ['implicit', 'password', 'urn:ietf:params:oauth:grant-type:device_code'],
  httpForNativeOnly: true,
  pushedRequests: true,
  senderConstrainedTokens: true,
  refreshTokenRotation: 'none',
  codeLifetime: 60,
  // FAPI 2.0 Message Signing §5.3.1; the Security Profile itself wants no request objects, and says nothing of them.
  requestObjectLifetime: 3600,
  audienceAsString: true,
};
