import { appendAudit } from '@authority/audit';
import type { DeadLetterServiceService } from '@authority/contracts/admin';
import { fieldInvalid } from '@authority/listing';
import type { Database } from '@authority/postgres';
import type { Call, Handlers } from '@authority/rpc';
import type { Outbox, Queue } from './outbox.ts';
import { listDeadLetters } from './postgres/dead-letters.ts';

const most = 100;

/** DeadLetterService for the queues of one owner. */
export function deadLetterHandlers(
  database: Database,
  outbox: Outbox,
  queues: readonly Queue<unknown>[],
): Handlers<typeof DeadLetterServiceService> {
  return {
    listDeadLetters: (request) => listDeadLetters(database, queues, request),
    replayDeadLetters: async ({ dead_letter_ids }, call) => {
      const ids = readIds(dead_letter_ids);
      const replayed = await database.transaction(async (tx) => {
        await appendAudit(tx, { action: 'dead_letter.replay', actor: actorOf(call), target: 'dead_letters', details: { ids } });
        return outbox.replay(tx, ids);
      });
      return { replayed };
    },
    deleteDeadLetters: async ({ dead_letter_ids }, call) => {
      const ids = readIds(dead_letter_ids);
      const deleted = await database.transaction(async (tx) => {
        await appendAudit(tx, { action: 'dead_letter.delete', actor: actorOf(call), target: 'dead_letters', details: { ids } });
        return outbox.discard(tx, ids);
      });
      return { deleted };
    },
  };
}

const actorOf = (call: Call): string => (call.operator ? `operator:${call.operator}` : 'system');

function readIds(ids: readonly string[]): readonly string[] {
  const isId = (id: string): boolean => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
  if (ids.length === 0 || ids.length > most || !ids.every(isId))
    throw fieldInvalid('dead_letter_ids', `must be 1 to ${most} ids of dead letters`);
  return ids;
}
