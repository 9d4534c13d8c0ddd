import { AuditEvent, type ListAuditEventsRequest, type ListAuditEventsResponse } from '@authority/contracts/admin';
import { exact, page, parseFilter, prefix, Where } from '@authority/listing';
import { type Database, statement } from '@authority/postgres';

interface AuditRow {
  id: number;
  at_text: string;
  at_ms: number;
  action: string;
  actor: string;
  target: string;
  details: string;
  trace_id: string;
  chain_hash: string | null;
}

const fields = { action: prefix(), actor: exact(), target: exact(), owner: exact() };

const order = {
  columns: [
    { column: 'at', type: 'timestamptz' },
    { column: 'id', type: 'bigint' },
  ],
  descending: true,
} as const;

/** The owner's own rows, newest first; the admin service merges the owners (AuditService.ListAuditEvents). */
export async function listAudit(database: Database, owner: string, request: ListAuditEventsRequest): Promise<ListAuditEventsResponse> {
  const terms = parseFilter(request.filter, fields);
  const one = page(request, { list: 'audit_events', order });
  const where = new Where([owner])
    .filter(terms, { action: 'action', actor: 'actor', target: 'target', owner: (value) => `$1 = ${value}` })
    .after(one);
  const rows = await database.query<AuditRow>(
    statement(
      `audit_list_${where.shape}`,
      `SELECT id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at_text,
         (extract(epoch FROM at) * 1000)::bigint AS at_ms,
         action, actor, target, details::text, trace_id, chain_hash, $1::text AS owner
       FROM audit ${where.sql} ${one.orderBy} LIMIT ${where.parameter(one.limit)}`,
    ),
    where.values,
  );
  const { rows: shown, next_page_token } = one.cut(rows, (row) => [row.at_text, row.id]);
  return { audit_events: shown.map((row) => fromRow(owner, row)), next_page_token };
}

function fromRow(owner: string, row: AuditRow): AuditEvent {
  const { id, at_text: _, chain_hash, ...rest } = row;
  return AuditEvent.fromPartial({
    ...rest,
    audit_event_id: `${owner}/${id}`,
    chain_hash: chain_hash ?? '',
  });
}
