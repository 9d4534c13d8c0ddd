import { endpointUrl } from '../endpoints/paths.ts';
import type { ClientRegistration } from '../model/registration.ts';

/** Values that are shown with a registration (RFC 7591 §3.2.1, RFC 7592 §3). */
export interface RegistrationValues {
  client_id: string;
  client_id_issued_at: number;
  /** Only when it was just made: kept is its HMAC. */
  client_secret?: string;
  registration_access_token: string;
}

/** The client information response: all metadata as registered, in wire spelling. */
export function clientInformation(registration: ClientRegistration, values: RegistrationValues, issuer: string): Record<string, unknown> {
  const { scopes, pkceOptional, jwks, localized, profile: _, ...metadata } = registration;
  return {
    ...values,
    // Required beside a secret; ours do not expire.
    ...(values.client_secret === undefined ? undefined : { client_secret_expires_at: 0 }),
    registration_client_uri: registrationClientUri(values.client_id, issuer),
    ...metadata,
    ...localized,
    ...(jwks && { jwks }),
    scope: scopes.join(' '),
    subject_type: metadata.subject_type ?? 'public',
    require_pkce: !pkceOptional,
  };
}

function registrationClientUri(client_id: string, issuer: string): string {
  return `${endpointUrl(issuer, 'register')}/${encodeURIComponent(client_id)}`;
}
