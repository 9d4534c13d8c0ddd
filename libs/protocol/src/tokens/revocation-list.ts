import { createHash } from 'node:crypto';
import { endpointUrl } from '../endpoints/paths.ts';

/** The media type that tells revocation lists from all other JWTs (RFC 8725 §3.11). */
export const revocationListType = 'revocation-list+jwt';

/** What an entry of the revocation set is about. */
export type RevokedKind = 'grant' | 'token' | 'session' | 'client' | 'subject';

/** An entry, blinded. */
export interface RevokedEntry {
  kind: RevokedKind;
  hash: string;
  /** Unix milliseconds; counts for clients and subjects: what was authorized until then is over. */
  notBefore: number;
}

/** Seconds. A list is signed anew so often, also when nothing has changed: a verifier sees that it is not an old one. */
const renewal = 10;
/** Seconds. Nobody should go by a list that is older. */
const life = 60;
/** Seconds that the list of what is recent covers: whoever asks more often than that misses nothing, and reads little. */
export const recentSpan = 120;

/**
 * The name of an entry in the list: half of a SHA-256, base64url. The list is public, and says nothing to whoever does not
 * hold the identifier already: ids of grants, tokens and sessions are random. Of a subject or client whose identifier is
 * known it tells that, and when, everything of theirs was ended.
 */
export function blindedRevocation(issuer: string, kind: RevokedKind, target: string): string {
  const digest = createHash('sha256').update(`authority revocation 1\0${issuer}\0${kind}\0${target}`).digest();
  return digest.subarray(0, 16).toString('base64url');
}

/**
 * Claims of the published revocation list, and a tag that two replicas with the same entries make alike. `recent`: the
 * entries are those that were heard of within the span.
 */
export function revocationList(
  issuer: string,
  entries: Iterable<RevokedEntry>,
  now: number,
  recent = false,
): { claims: Record<string, unknown>; tag: string } {
  const iat = Math.floor(now / 1000 / renewal) * renewal;
  const ended: Record<'grant' | 'token' | 'session', string[]> = { grant: [], token: [], session: [] };
  const before: Record<'client' | 'subject', [string, number][]> = { client: [], subject: [] };
  let newest = iat * 1000;
  for (const { kind, hash, notBefore } of entries) {
    if (kind === 'client' || kind === 'subject') before[kind].push([hash, notBefore]);
    else ended[kind].push(hash);
    newest = Math.max(newest, notBefore);
  }
  // Sorted: the order in which things ended is nobody's business, and both replicas write the same.
  for (const hashes of Object.values(ended)) hashes.sort();
  for (const pairs of Object.values(before)) pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  const claims = {
    iss: issuer,
    iat,
    exp: iat + life,
    // Unix milliseconds of the newest that the list knows of: a list with less is older.
    seq: newest,
    next_update: iat + renewal,
    ...(recent ? { since: iat - recentSpan } : { recent_uri: endpointUrl(issuer, 'recentRevocations') }),
    revoked: { ...ended, client: Object.fromEntries(before.client), subject: Object.fromEntries(before.subject) },
  };
  return { claims, tag: createHash('sha256').update(JSON.stringify(claims)).digest('base64url').slice(0, 22) };
}
