import { type Queryable, statement } from './database.ts';

const notifyChannel = statement('authority.notify', 'SELECT pg_notify($1, $2)');

/** Tells who listens to the channel, when the transaction commits. A hint: it may be lost, and is at most 8000 bytes. */
export async function notify(tx: Queryable, channel: string, payload = ''): Promise<void> {
  await tx.query(notifyChannel, [channel, payload]);
}
