import type { AuditEvent, ListAuditEventsRequest, ListAuditEventsResponse } from '@authority/contracts/admin';
import { exact, oneOf, page, parseFilter, prefix, Where } from '@authority/listing';
import { type Database, statement } from '@authority/postgres';
import { counter, currentTrace, log } from '@authority/telemetry';
import type { AuditStream } from '../merge/audit.ts';
import type { RefusedCall, RefusedCalls } from '../refused-calls.ts';
import { ringSize } from './migrations.ts';

const write = statement(
  'refused_call_write',
  `INSERT INTO refused_call (slot, number, at, actor, target, address, reason, trace_id)
   SELECT new.number % ${ringSize}, new.number, clock_timestamp(), new.actor, new.target, new.address, new.reason, new.trace_id
   FROM (SELECT nextval('refused_call_number') AS number, * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
     AS call (actor, target, address, reason, trace_id)) AS new
   ON CONFLICT (slot) DO UPDATE SET number = excluded.number, at = excluded.at, actor = excluded.actor,
     target = excluded.target, address = excluded.address, reason = excluded.reason, trace_id = excluded.trace_id`,
);

const lost = counter('authority_admin_refused_calls_lost_total', 'Refused calls that were not written: too many, or no store.');

/** Refused calls of a quarter of a second are one statement; what is beyond this many is counted, not kept. */
const mostWaiting = 200;
const everyMs = 250;

interface Waiting extends RefusedCall {
  readonly traceId: string;
}

/** The ring of refused calls. What comes in a burst is written together, so that a flood cannot load the database. */
export class PostgresRefusedCalls implements RefusedCalls {
  private readonly waiting: Waiting[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly database: Database) {}

  add(call: RefusedCall): void {
    if (this.waiting.length >= mostWaiting) {
      lost.add(1);
      return;
    }
    this.waiting.push({ ...call, traceId: currentTrace()?.traceId ?? '' });
    this.timer ??= setTimeout(() => {
      this.writing = this.flush();
    }, everyMs);
  }

  /** The refused calls as a stream of audit events, so that operators find them where they look. */
  readonly stream: AuditStream = { name: 'admin', list: (request) => listRefusedCalls(this.database, request) };

  /** Writes what waits; for the end of the process and for tests. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    await this.writing;
    await this.flush();
  }

  private async flush(): Promise<void> {
    this.timer = undefined;
    const calls = this.waiting.splice(0);
    if (calls.length === 0) return;
    try {
      await this.database.query(write, [
        calls.map(({ operator }) => (operator === undefined ? 'unknown' : `operator:${operator}`)),
        calls.map(({ path }) => `rpc:${path.slice(1)}`),
        calls.map(({ address }) => address),
        calls.map(({ reason }) => reason),
        calls.map(({ traceId }) => traceId),
      ]);
    } catch (error) {
      lost.add(calls.length);
      log.warn('refused_calls_not_written', { count: calls.length, error });
    }
  }
}

interface Row {
  readonly number: number;
  readonly at_text: string;
  readonly at_ms: number;
  readonly actor: string;
  readonly target: string;
  readonly address: string;
  readonly reason: string;
  readonly trace_id: string;
}

const action = 'admin.refuse';
const fields = { action: prefix(), actor: exact(), target: exact(), owner: oneOf('admin') };
const order = {
  columns: [
    { column: 'at', type: 'timestamptz' },
    { column: 'number', type: 'bigint' },
  ],
  descending: true,
} as const;

async function listRefusedCalls(database: Database, request: ListAuditEventsRequest): Promise<ListAuditEventsResponse> {
  const asked = page(request, { list: 'refused_calls', order });
  const where = new Where()
    .filter(parseFilter(request.filter, fields), { action: `'${action}'::text`, actor: 'actor', target: 'target', owner: `'admin'::text` })
    .after(asked);
  const text = `SELECT number, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at_text,
      floor(extract(epoch FROM at) * 1000)::bigint AS at_ms, actor, target, address, reason, trace_id
    FROM refused_call ${where.sql} ${asked.orderBy} LIMIT ${where.parameter(asked.limit)}`;
  const rows = await database.query<Row>(statement(`refused_call_list_${where.shape}`, text), where.values);
  const { rows: shown, next_page_token } = asked.cut(rows, ({ at_text, number }) => [at_text, number]);
  return { audit_events: shown.map(fromRow), next_page_token };
}

function fromRow({ number, at_ms, actor, target, address, reason, trace_id }: Row): AuditEvent {
  const details = JSON.stringify({ address, reason });
  return { audit_event_id: `admin/${number}`, at_ms, action, actor, target, details, trace_id, chain_hash: '' };
}
