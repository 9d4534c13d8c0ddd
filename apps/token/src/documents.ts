import { createHash } from 'node:crypto';
import {
  metadata,
  type MetadataPolicy,
  personClaims,
  type Policy,
  registries,
  type SigningKeys,
  standardScopes,
} from '@authority/protocol';
import type { RingDecryptionKeys } from './keys/decryption-keys.ts';
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
export function jwksDocument(signingKeys: SigningKeys, decryptionKeys: RingDecryptionKeys, ring: KeyRing): () => PublicDocument {
  let made: (PublicDocument & { revision: number }) | undefined;
  return () => {
    if (made?.revision !== ring.revision) {
      const keys = [...signingKeys.jwks().keys, ...decryptionKeys.jwks()];
      made = { ...documentOf({ keys }), revision: ring.revision };
    }
    return { body: made.body, etag: made.etag };
  };
}

/** Claims that identity knows (OpenID Connect Core §5.1), and those of the ID Token itself. */
const claims = ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'sid', ...personClaims];

/** What of the metadata an operator changes while the process runs. */
type Changing =
  | 'pushedRequestsRequired'
  | 'signedRequestObjectsRequired'
  | 'profile'
  | 'frontchannelLogout'
  | 'sessionManagement'
  | 'clientDocuments';

/** Server metadata: made again when a setting that it tells of has changed. */
export function metadataDocument(
  issuer: string,
  fixed: Pick<MetadataPolicy, 'algorithms' | 'acrValues' | 'registration' | 'mtlsOrigin'>,
  policy: Pick<Policy, Changing>,
): () => PublicDocument {
  let made: (PublicDocument & { of: string }) | undefined;
  return () => {
    const changing = {
      pushedRequestsRequired: policy.pushedRequestsRequired(),
      signedRequestObjectsRequired: policy.signedRequestObjectsRequired(),
      profile: policy.profile(),
      frontchannelLogout: policy.frontchannelLogout(),
      sessionManagement: policy.sessionManagement(),
      clientDocuments: policy.clientDocuments().taken !== 'off',
    };
    const of = Object.values(changing).join();
    if (made?.of !== of) {
      const all = { ...fixed, ...changing, claims, scopes: standardScopes, uiLocales: [] };
      made = { ...documentOf(metadata(issuer, registries, all)), of };
    }
    return { body: made.body, etag: made.etag };
  };
}
