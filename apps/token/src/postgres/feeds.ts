import type { FeedEntry } from '@authority/contracts/rpc';
import type { Queryable } from '@authority/postgres';
import { forgetConsents } from './consents.ts';
import { type Ending, endAll } from './endings.ts';
import { queueLogouts } from './logout-deliveries.ts';

/** What ends a person's grants: entries of identity's feed. A changed role ends nothing; the next token has it. */
const endsSubject = new Set(['identity_disabled', 'identity_deleted', 'credential_changed']);
/** What ends the grants that are bound to a session: entries of session's feed. */
const endsSession = new Set(['session_ended', 'session_expired']);

/**
 * Applies entries of identity's and session's feeds (house.md, "What must reach others is a feed"). Idempotent: the
 * not-before is the time of the act at its owner, so an entry that comes again changes nothing. The grants that it ends
 * are not touched: every statement that reads one asks the not-befores. The audit row is the owner's, who knows the actor.
 */
export async function applyFeed(tx: Queryable, entries: readonly FeedEntry[]): Promise<void> {
  const endings = entries.flatMap(endingsOf);
  // Before the ends themselves: a person's end passes over the sessions that had ended before it.
  await queueLogouts(tx, {
    sessions: entries.filter(({ event, sid, sub }) => endsSession.has(event) && sid !== '' && sub !== ''),
    subjects: endings.filter(({ kind }) => kind === 'subject').map(({ target }) => target),
  });
  await endAll(tx, endings);
  const gone = entries.filter(({ event, sub }) => event === 'identity_deleted' && sub !== '');
  await forgetConsents(
    tx,
    gone.map(({ sub }) => sub),
  );
}

function endingsOf({ event, sub, sid, at_ms }: FeedEntry): Ending[] {
  const at = new Date(at_ms);
  if (endsSubject.has(event) && sub !== '') return [{ kind: 'subject', target: sub, at }];
  if (endsSession.has(event) && sid !== '') return [{ kind: 'session', target: sid, at }];
  return [];
}
