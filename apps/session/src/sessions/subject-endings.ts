import type { FeedEntry } from '@authority/contracts/rpc';
import { appendFeed } from '@authority/feed';
import type { Queryable } from '@authority/postgres';
import { log } from '@authority/telemetry';
import { setNotBefore } from '../postgres/endings.ts';
import type { Sessions } from './ports.ts';

const endsSessions: readonly string[] = ['identity_disabled', 'identity_deleted', 'credential_changed'];

/** Applies identity's feed: all sessions of a disabled or deleted person, or of one whose credential changed, are over. */
export function applyIdentityFeed(sessions: Pick<Sessions, 'ofSubject'>) {
  return async (tx: Queryable, entries: readonly FeedEntry[]): Promise<void> => {
    for (const entry of entries) {
      if (!endsSessions.includes(entry.event)) continue;
      // This row alone ends them; it needs no store of sessions, and holds for those that an older one brings back.
      await setNotBefore(tx, entry.sub, entry.at_ms);
      for (const sid of await sidsOf(sessions, entry)) {
        await appendFeed(tx, { event: 'session_ended', sub: entry.sub, sid, why: entry.why || entry.event });
      }
    }
  };
}

/** For those who want to hear of each session. Token follows identity itself, so nothing stays open when they are away. */
async function sidsOf(sessions: Pick<Sessions, 'ofSubject'>, entry: FeedEntry): Promise<Set<string>> {
  try {
    const found = await sessions.ofSubject(entry.sub);
    return new Set(found.filter(({ session }) => session.authTime <= entry.at_ms).map(({ session }) => session.sid));
  } catch (error) {
    log.warn('session.list_failed', { sub: entry.sub, error });
    return new Set();
  }
}
