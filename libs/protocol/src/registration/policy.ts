import type { RegistrationPolicy } from '../model/registration.ts';
import { standardScopes } from '../primitives/scope.ts';

/** Registration without an initial access token: nothing but the safest (contract.md, AUTHORITY_REGISTRATION=open). */
export const openRegistrationPolicy: RegistrationPolicy = {
  allowNoPkce: false,
  allowImplicit: false,
  allowHybrid: false,
  allowPassword: false,
  // No device grant: whoever sends a code to somebody else gets that person's tokens (RFC 8628 §5.4).
  grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
  scopes: [],
  tokenEndpointAuthMethods: [],
};

/** The operator's own hand, for the admin API: everything that this server can do, and any scope. */
export const operatorRegistrationPolicy: RegistrationPolicy = {
  allowNoPkce: true,
  allowImplicit: true,
  allowHybrid: true,
  allowPassword: true,
  allowDevice: true,
  scopes: [],
  tokenEndpointAuthMethods: [],
  operator: true,
};

/** Scopes that clients under a policy may have. */
export function scopesOf(policy: RegistrationPolicy): readonly string[] {
  return policy.scopes.length > 0 ? policy.scopes : standardScopes;
}
