import { revocationList, revocationListType, type SigningKeys } from '@authority/protocol';
import type { PublicDocument } from './documents.ts';
import type { PostgresRevocations } from './postgres/revocations.ts';

/** Every verifier of our tokens has it. */
const algorithm = 'ES256';

/**
 * The published revocation list: signed once for each state of the set and each ten seconds. Refuses to answer from a set
 * that is not fresh, so that a list never says less than this server goes by itself.
 */
export function revocationListDocument(
  issuer: string,
  revocations: Pick<PostgresRevocations, 'assertFresh' | 'live' | 'revision'>,
  signingKeys: SigningKeys,
): (knownEtag: string, now: number) => PublicDocument {
  let made: (PublicDocument & { revision: number; from: number }) | undefined;
  return (knownEtag, now) => {
    revocations.assertFresh(now);
    const from = Math.floor(now / 1000);
    if (made === undefined || made.revision !== revocations.revision || made.from !== from) {
      const { claims, tag } = revocationList(issuer, revocations.live(issuer, now), now);
      const body = made?.etag === tag ? made.body : signingKeys.sign(algorithm, revocationListType, claims);
      made = { body, etag: tag, revision: revocations.revision, from };
    }
    return { body: made.etag === knownEtag ? '' : made.body, etag: made.etag };
  };
}
