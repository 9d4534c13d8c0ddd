import { performance } from 'node:perf_hooks';
import { recentSpan, revocationList, revocationListType, type SigningKeys } from '@authority/protocol';
import type { PublicDocument } from './documents.ts';
import type { PostgresRevocations } from './postgres/revocations.ts';

/** Every verifier of our tokens has it. */
const algorithm = 'ES256';

/**
 * Sorting and signing what half a million sessions left takes most of a second. What takes longer than this to make is made
 * again only when ten times as long is over: the whole list within the ten seconds for which it says that it is good, the
 * recent one within half a second, so that an end is told as soon as ever.
 */
const quickMs = 50;
const longestPauseMs = { whole: 10_000, recent: 500 };

type Revocations = Pick<PostgresRevocations, 'assertFresh' | 'live' | 'revision'>;
type Signer = Pick<SigningKeys, 'sign'>;

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
  signingKeys: Signer,
  elapsed: () => number = () => performance.now(),
): (asked: AskedList, now: number) => PublicDocument {
  const whole = kept(issuer, revocations, signingKeys, false, elapsed);
  const recent = kept(issuer, revocations, signingKeys, true, elapsed);
  return (asked, now) => {
    revocations.assertFresh(now);
    const { body, etag } = asked.recent ? recent(now) : whole(now);
    return { body: etag === asked.etag ? '' : body, etag };
  };
}

interface Made extends PublicDocument {
  revision: number;
  second: number;
  /** Unix milliseconds. */
  madeAt: number;
  /** Milliseconds for which it is not made again. */
  pause: number;
}

function kept(
  issuer: string,
  revocations: Revocations,
  signingKeys: Signer,
  isRecent: boolean,
  elapsed: () => number,
): (now: number) => PublicDocument {
  let made: Made | undefined;
  return (now) => {
    const { revision } = revocations;
    const second = Math.floor(now / 1000);
    if (made && ((made.revision === revision && made.second === second) || isPausing(made, now))) return made;
    const startedAt = elapsed();
    // A little more than it says, so that no rounding leaves anything out.
    const since = isRecent ? now - (recentSpan + 15) * 1000 : 0;
    const { claims, tag } = revocationList(issuer, revocations.live(issuer, now, since), now, isRecent);
    const body = made?.etag === tag ? made.body : signingKeys.sign(algorithm, revocationListType, claims);
    made = { body, etag: tag, revision, second, madeAt: now, pause: pauseAfter(elapsed() - startedAt, isRecent) };
    return made;
  };
}

/** A clock that was set back makes a new list, not an old one that lasts. */
function isPausing({ madeAt, pause }: Made, now: number): boolean {
  return now >= madeAt && now < madeAt + pause;
}

function pauseAfter(tookMs: number, isRecent: boolean): number {
  return tookMs <= quickMs ? 0 : Math.min(10 * tookMs, isRecent ? longestPauseMs.recent : longestPauseMs.whole);
}
