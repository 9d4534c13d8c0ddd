import { recentSpan, revocationList, revocationListType, type SigningKeys } from '@authority/protocol';
import type { PublicDocument } from './documents.ts';
import type { PostgresRevocations } from './postgres/revocations.ts';

/** Every verifier of our tokens has it. */
const algorithm = 'ES256';

type Revocations = Pick<PostgresRevocations, 'assertFresh' | 'live' | 'revision'>;

export interface AskedList {
  /** Of what the caller has. */
  etag: string;
  recent: boolean;
}

/**
 * The published revocation lists, whole and recent: signed once for each state of the set and each ten seconds. Refuses to
 * answer from a set that is not fresh, so that a list never says less than this server goes by itself.
 */
export function revocationListDocument(
  issuer: string,
  revocations: Revocations,
  signingKeys: SigningKeys,
): (asked: AskedList, now: number) => PublicDocument {
  const whole = kept(issuer, revocations, signingKeys, false);
  const recent = kept(issuer, revocations, signingKeys, true);
  return (asked, now) => {
    revocations.assertFresh(now);
    const { body, etag } = asked.recent ? recent(now) : whole(now);
    return { body: etag === asked.etag ? '' : body, etag };
  };
}

function kept(issuer: string, revocations: Revocations, signingKeys: SigningKeys, isRecent: boolean): (now: number) => PublicDocument {
  let made: (PublicDocument & { revision: number; second: number }) | undefined;
  return (now) => {
    const { revision } = revocations;
    const second = Math.floor(now / 1000);
    if (made?.revision === revision && made.second === second) return made;
    // A little more than it says, so that no rounding leaves anything out.
    const since = isRecent ? now - (recentSpan + 15) * 1000 : 0;
    const { claims, tag } = revocationList(issuer, revocations.live(issuer, now, since), now, isRecent);
    const body = made?.etag === tag ? made.body : signingKeys.sign(algorithm, revocationListType, claims);
    made = { body, etag: tag, revision, second };
    return made;
  };
}
