import { appendAudit } from '@authority/audit';
import type { FeedEntry } from '@authority/contracts/rpc';
import type { Queryable } from '@authority/postgres';
import { type Ending, endAll } from './endings.ts';

/** What ends a person's grants: entries of identity's feed. A changed role ends nothing; the next token has it. */
const endsSubject = new Set(['identity_disabled', 'identity_deleted', 'credential_changed']);
/** What ends the grants that are bound to a session: entries of session's feed. */
const endsSession = new Set(['session_ended', 'session_expired']);

/**
 * Applies entries of identity's and session's feeds (house.md, "What must reach others is a feed"). Idempotent: the
 * not-before is the time of the act at its owner, so an entry that comes again changes nothing.
 */
export async function applyFeed(tx: Queryable, entries: readonly FeedEntry[]): Promise<void> {
  const endings = entries.flatMap(endingsOf);
  await endAll(tx, endings);
  for (const { kind, target, why } of endings) {
    if (why === 'expired') continue; // nobody did it
    await appendAudit(tx, { action: `${kind}.tokens_end`, actor: 'system', target: `${kind}:${target}`, details: { why } });
  }
}

function endingsOf({ event, sub, sid, at_ms, why }: FeedEntry): (Ending & { why: string })[] {
  const at = new Date(at_ms);
  if (endsSubject.has(event) && sub !== '') return [{ kind: 'subject', target: sub, at, why: why || event }];
  if (endsSession.has(event) && sid !== '') {
    return [{ kind: 'session', target: sid, at, why: event === 'session_expired' ? 'expired' : why || event }];
  }
  return [];
}
