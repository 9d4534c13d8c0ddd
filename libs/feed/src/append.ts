import { type Queryable, statement } from '@authority/postgres';

/** What may happen that dependents must apply (authority.rpc.v1.FeedEntry.event). */
export type FeedEvent =
  | 'identity_disabled'
  | 'identity_deleted'
  | 'credential_changed'
  | 'role_changed'
  | 'session_ended'
  | 'session_expired';

export interface NewFeedEntry {
  readonly event: FeedEvent;
  readonly sub?: string;
  readonly sid?: string;
  /** For audit: `user`, `operator`, `expired`, `password_reset`, … */
  readonly why: string;
}

// The notification is sent when the transaction commits. Channels belong to the database, hence the schema's name in it.
const append = statement(
  'feed_append',
  `WITH appended AS (
     INSERT INTO feed (event, sub, sid, why) VALUES ($1, $2, $3, $4) RETURNING id
   )
   SELECT id, pg_notify('feed_' || current_schema(), 'appended') FROM appended`,
);

/**
 * Appends to the owner's feed, in the transaction of the change. Returns the entry's id, for `FeedSource.passed`; it has
 * no place in the order before its transaction commits.
 */
export async function appendFeed(tx: Queryable, entry: NewFeedEntry): Promise<number> {
  const [row] = await tx.query<{ id: number }>(append, [entry.event, entry.sub ?? '', entry.sid ?? '', entry.why]);
  return row?.id ?? 0;
}
