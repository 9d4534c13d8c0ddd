import { proofAlgorithms } from './dpop.ts';
import type { Settled } from './options.ts';

const wellKnown = '/.well-known/oauth-protected-resource';

/** Where this API's metadata is (RFC 9728 §3.1): the well-known part before the identifier's path. */
export function metadataAddress({ audience, publicUrl }: Settled): { url: string; path: string } | undefined {
  const { protocol, pathname, search } = new URL(audience);
  if (publicUrl === '' || (protocol !== 'https:' && protocol !== 'http:')) return undefined;
  const path = `${wellKnown}${pathname === '/' ? '' : pathname}${search}`;
  return { url: new URL(audience).origin + path, path };
}

/** Protected resource metadata (RFC 9728 §2). */
export function metadataOf(options: Settled): Record<string, unknown> {
  return {
    resource: options.audience,
    authorization_servers: [options.issuer],
    bearer_methods_supported: ['header'],
    ...(options.scopesSupported && { scopes_supported: options.scopesSupported }),
    ...(options.resourceName !== undefined && { resource_name: options.resourceName }),
    ...(options.resourceDocumentation !== undefined && { resource_documentation: options.resourceDocumentation }),
    dpop_signing_alg_values_supported: proofAlgorithms,
    ...(options.dpop?.required && { dpop_bound_access_tokens_required: true }),
    tls_client_certificate_bound_access_tokens: true,
  };
}
