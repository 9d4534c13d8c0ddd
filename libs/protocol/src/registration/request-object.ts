import { clientSignatureAlgorithms } from '../client-authentication/signature.ts';
import { readPair } from './encryption.ts';
import { invalidMetadata, type Metadata, present } from './metadata.ts';

/** Request objects (RFC 9101 §10.5, OpenID Connect Registration §2). `none` is refused: nobody would have said it. */
export function readRequestObject(metadata: Metadata) {
  const { alg, enc } = readPair(metadata, 'request_object_encryption');
  const uris = metadata.texts('request_uris', 20) ?? [];
  for (const uri of uris) assertRequestUri(uri);
  return present({
    request_object_signing_alg: metadata.optionalChoice('request_object_signing_alg', clientSignatureAlgorithms),
    request_object_encryption_alg: alg,
    request_object_encryption_enc: enc,
    require_signed_request_object: metadata.flag('require_signed_request_object') || undefined,
    request_uris: uris.length > 0 ? uris : undefined,
  });
}

/** https, at most 512 characters; a fragment may hold a hash of what lies there (OpenID Connect Core §6.2). */
function assertRequestUri(uri: string): void {
  const url = uri.length <= 512 && /^[\x21-\x7e]+$/.test(uri) && URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw invalidMetadata('one of request_uris is not an https address of at most 512 characters');
  }
}
