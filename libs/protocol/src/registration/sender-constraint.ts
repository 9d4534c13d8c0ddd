import { type Metadata, present } from './metadata.ts';

/** Tokens that only their holder can use: by proofs (RFC 9449 §5.2), by certificate (RFC 8705 §3.4). */
export function readSenderConstraint(metadata: Metadata) {
  return present({
    dpop_bound_access_tokens: metadata.flag('dpop_bound_access_tokens') || undefined,
    tls_client_certificate_bound_access_tokens: metadata.flag('tls_client_certificate_bound_access_tokens') || undefined,
    require_pushed_authorization_requests: metadata.flag('require_pushed_authorization_requests') || undefined,
  });
}
