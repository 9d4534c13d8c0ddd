import { OAuthError } from '@authority/errors';
import { redirectUriFault } from '../primitives/redirect-uri.ts';
import { invalidMetadata, type Metadata } from './metadata.ts';

/** Where answers go (RFC 7591 §2): needed by every flow that redirects. */
export function readRedirectUris(metadata: Metadata, type: 'web' | 'native', grantTypes: readonly string[]): readonly string[] {
  const uris = metadata.texts('redirect_uris', 50) ?? [];
  const isImplicit = grantTypes.includes('implicit');
  if (uris.length === 0 && (isImplicit || grantTypes.includes('authorization_code'))) throw invalidRedirectUri('redirect_uris is missing');
  for (const uri of uris) {
    const fault = redirectUriFault(uri, type) ?? (isImplicit && type === 'web' ? implicitFault(uri) : undefined);
    if (fault !== undefined) throw invalidRedirectUri(`a redirect URI ${fault}`);
  }
  return uris;
}

/** OpenID Connect Registration §2: tokens in a fragment reach a web client over https only, and never this machine itself. */
function implicitFault(uri: string): string | undefined {
  const { protocol, hostname } = new URL(uri);
  if (protocol === 'https:' && hostname !== 'localhost') return undefined;
  return 'must be https, and not localhost, for the implicit grant type of a web client';
}

function invalidRedirectUri(description: string): OAuthError {
  return new OAuthError('invalid_redirect_uri', 'client_metadata_invalid', { description });
}

/** Addresses under the rules of redirect URIs. */
export function readAddresses(metadata: Metadata, name: string, type: 'web' | 'native'): readonly string[] {
  const uris = metadata.texts(name, 50) ?? [];
  for (const uri of uris) {
    const fault = redirectUriFault(uri, type);
    if (fault !== undefined) throw invalidMetadata(`one of ${name} ${fault}`);
  }
  return uris;
}
