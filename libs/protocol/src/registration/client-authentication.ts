import { clientAuthenticationMethods } from '../client-authentication/index.ts';
import type { RegistrationPolicy } from '../model/registration.ts';
import type { ProfileRules } from '../profiles/profile.ts';
import { invalidMetadata, type Metadata, present } from './metadata.ts';

/** How the client proves who it is, within policy and profile (RFC 7591 §2); the algorithm is one that its method knows. */
export function readClientAuthentication(metadata: Metadata, policy: RegistrationPolicy, rules: ProfileRules | undefined) {
  const known = clientAuthenticationMethods.map(({ name }) => name);
  const ofPolicy = policy.tokenEndpointAuthMethods.length > 0 ? policy.tokenEndpointAuthMethods : known;
  const ofProfile = rules?.clientAuthenticationMethods ?? known;
  // In the policy's order: the first is what holds where nothing is said and client_secret_basic is not among them.
  const allowed = ofPolicy.filter((name) => known.includes(name) && ofProfile.includes(name));
  const byDefault = allowed.includes('client_secret_basic') ? 'client_secret_basic' : (allowed[0] ?? 'client_secret_basic');
  const token_endpoint_auth_method = metadata.choice('token_endpoint_auth_method', allowed, byDefault);
  const method = clientAuthenticationMethods.find(({ name }) => name === token_endpoint_auth_method);
  // OpenID Connect Registration §2: `none` is refused. For a method that signs nothing the member has no meaning.
  const algorithms = method?.signingAlgorithms;
  return {
    token_endpoint_auth_method,
    ...(algorithms && present({ token_endpoint_auth_signing_alg: metadata.optionalChoice('token_endpoint_auth_signing_alg', algorithms) })),
  };
}

/** RFC 8705 §2.1.2: who the certificate names, said in exactly one way. */
export function readTlsSubject(metadata: Metadata, method: string) {
  if (method !== 'tls_client_auth') return {};
  const subjects = present({
    tls_client_auth_subject_dn: metadata.text('tls_client_auth_subject_dn', 1024),
    tls_client_auth_san_dns: metadata.text('tls_client_auth_san_dns', 255),
    tls_client_auth_san_uri: metadata.text('tls_client_auth_san_uri', 1024),
    tls_client_auth_san_ip: metadata.text('tls_client_auth_san_ip', 64),
    tls_client_auth_san_email: metadata.text('tls_client_auth_san_email', 320),
  });
  if (Object.keys(subjects).length !== 1) throw invalidMetadata('tls_client_auth needs exactly one of the tls_client_auth_ subjects');
  return subjects;
}
