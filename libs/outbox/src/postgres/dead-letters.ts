import { DeadLetter, type ListDeadLettersRequest, type ListDeadLettersResponse } from '@authority/contracts/admin';
import { exact, page, parseFilter, Where } from '@authority/listing';
import { type Queryable, statement } from '@authority/postgres';
import type { Queue } from '../outbox.ts';
import { deadLettersOf } from './queues.ts';
import { isStored } from './stored.ts';

/** What all attempts failed for, as pg-boss keeps it: a job that nobody takes, with what it says of the first one. */
interface DeadRow {
  id: string;
  name: string;
  data: unknown;
  failed_text: string;
  failed_ms: number;
  appended_ms: number;
  delivery_id: string;
  attempts: number;
  said: string | null;
}

const order = {
  columns: [
    { column: 'created_on', type: 'timestamptz' },
    { column: 'id', type: 'uuid' },
  ],
} as const;

const columns = `id, name, data,
  to_char(created_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS failed_text,
  (extract(epoch FROM created_on) * 1000)::bigint AS failed_ms,
  (extract(epoch FROM coalesce(source_created_on, created_on)) * 1000)::bigint AS appended_ms,
  coalesce(source_id, id) AS delivery_id,
  coalesce(source_retry_count, 0) + 1 AS attempts,
  coalesce(source_output->>'message', source_output->>'value') AS said`;

/** Dead letters of an owner, oldest first (authority.admin.v1.DeadLetterService). */
export async function listDeadLetters(
  db: Queryable,
  queues: readonly Queue<unknown>[],
  request: ListDeadLettersRequest,
): Promise<ListDeadLettersResponse> {
  const terms = parseFilter(request.filter, { queue: exact() });
  const one = page(request, { list: 'dead_letters', order });
  const places = new Map(queues.map((queue) => [deadLettersOf(queue), queue.name]));
  const where = new Where([[...places.keys()]])
    .add('name = ANY ($1::text[])')
    .filter(terms, { queue: (value) => `name = ${value} || '.dead'` })
    .after(one);
  const rows = await db.query<DeadRow>(
    statement('', `SELECT ${columns} FROM job ${where.sql} ${one.orderBy} LIMIT ${one.limit}`),
    where.values,
  );
  const cut = one.cut(rows, (row) => [row.failed_text, row.id]);
  return { dead_letters: cut.rows.map((row) => fromRow(row, places)), next_page_token: cut.next_page_token };
}

function fromRow(row: DeadRow, places: ReadonlyMap<string, string>): DeadLetter {
  return DeadLetter.fromPartial({
    dead_letter_id: row.id,
    queue: places.get(row.name) ?? row.name,
    payload: isStored(row.data) ? JSON.stringify(row.data.payload) : '',
    attempts: row.attempts,
    error: row.said ?? '',
    append_time_ms: row.appended_ms,
    fail_time_ms: row.failed_ms,
    delivery_id: row.delivery_id,
  });
}
