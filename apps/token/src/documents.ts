import { createHash } from 'node:crypto';
import { metadata, type MetadataPolicy, personClaims, registries, type SigningKeys, standardScopes } from '@authority/protocol';
import type { KeyRing } from './keys/key-ring.ts';

/** A document that everybody may read, and whose etag changes when it does. */
export interface PublicDocument {
  body: string;
  etag: string;
}

function documentOf(value: unknown): PublicDocument {
  const body = JSON.stringify(value);
  return { body, etag: createHash('sha256').update(body).digest('base64url').slice(0, 22) };
}

/** The JWK Set, made once for each state of the ring. */
export function jwksDocument(signingKeys: SigningKeys, ring: KeyRing): () => PublicDocument {
  let made: (PublicDocument & { revision: number }) | undefined;
  return () => {
    if (made?.revision !== ring.revision) made = { ...documentOf(signingKeys.jwks()), revision: ring.revision };
    return { body: made.body, etag: made.etag };
  };
}

/** Claims that identity knows (OpenID Connect Core §5.1), and those of the ID Token itself. */
const claims = ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'sid', ...personClaims];

/** Server metadata: nothing in it changes while the process runs. */
export function metadataDocument(
  issuer: string,
  policy: Pick<MetadataPolicy, 'algorithms' | 'acrValues' | 'registration'>,
): () => PublicDocument {
  const made = documentOf(metadata(issuer, registries, { ...policy, claims, scopes: standardScopes, uiLocales: [] }));
  return () => made;
}
