import { appendAudit } from '@authority/audit';
import {
  type ListLogoutDeliveriesRequest,
  type ListLogoutDeliveriesResponse,
  LogoutDelivery as LogoutDeliveryMessage,
} from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';
import { exact, oneOf, page, parseFilter, Where } from '@authority/listing';
import { statement } from '@authority/postgres';
import type { TokenStores } from '../stores.ts';

const order = {
  columns: [
    { column: 'created_at', type: 'timestamptz' },
    { column: 'sid', type: 'text' },
    { column: 'client_id', type: 'text' },
  ],
  descending: true,
} as const;

interface DeliveryRow {
  sid: string;
  client_id: string;
  day: number;
  sub: string;
  created_at: Date;
  due_at: Date;
  attempts: number;
  done_at: Date | null;
  outcome: string | null;
  created_text: string;
}

const columns = `sid, client_id, day, sub, created_at, due_at, attempts, done_at, outcome,
  to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_text`;

const filterFields = { client_id: exact(), sid: exact(), sub: exact(), state: oneOf('pending', 'delivered', 'given_up', 'client_gone') };
const filterColumns = { client_id: 'client_id', sid: 'sid', sub: 'sub', state: "COALESCE(outcome, 'pending')" };

/** From the first attempt on, and at once. One that is under way is sent twice; clients have to bear that (§2.5). */
const retry = statement(
  'logouts_retry',
  `UPDATE logout_deliveries SET done_at = NULL, outcome = NULL, attempts = 0, due_at = clock_timestamp()
   WHERE day = $1 AND sid = $2 AND client_id = $3 RETURNING ${columns}`,
);

/** LogoutDeliveryService: what clients were told of logouts, and once more. */
export class LogoutDeliveryAdmin {
  constructor(private readonly stores: Pick<TokenStores, 'database'>) {}

  async list(request: ListLogoutDeliveriesRequest): Promise<ListLogoutDeliveriesResponse> {
    const one = page(request, { list: 'logout_deliveries', order });
    const where = new Where().filter(parseFilter(request.filter, filterFields), filterColumns).after(one);
    const text = `SELECT ${columns} FROM logout_deliveries ${where.sql} ${one.orderBy} LIMIT ${one.limit}`;
    const rows = await this.stores.database.query<DeliveryRow>(statement(`logouts_list_${where.shape}`, text), where.values);
    const cut = one.cut(rows, (row) => [row.created_text, row.sid, row.client_id]);
    return { logout_deliveries: cut.rows.map(toMessage), next_page_token: cut.next_page_token };
  }

  async retry(id: string, actor: string): Promise<LogoutDeliveryMessage> {
    const [, day, sid, client_id] = /^(\d{1,7})\.([^.\0]{1,200})\.([^\0]{1,2048})$/.exec(id) ?? [];
    if (day === undefined) throw unknown(id);
    const row = await this.stores.database.transaction(async (tx) => {
      const [found] = await tx.query<DeliveryRow>(retry, [Number(day), sid, client_id]);
      if (found === undefined) throw unknown(id);
      await appendAudit(tx, { action: 'logout.retry', actor, target: `client:${client_id}`, details: { sid, sub: found.sub } });
      return found;
    });
    return toMessage(row);
  }
}

/** A session's id has no dot; a client's may. */
function toMessage({ sid, client_id, day, sub, created_at, due_at, attempts, done_at, outcome }: DeliveryRow): LogoutDeliveryMessage {
  return {
    logout_delivery_id: `${day}.${sid}.${client_id}`,
    ...{ client_id, sid, sub, attempts },
    state: outcome ?? 'pending',
    create_time_ms: created_at.getTime(),
    due_time_ms: done_at === null ? due_at.getTime() : 0,
    done_time_ms: done_at?.getTime() ?? 0,
  };
}

function unknown(id: string): StatusError {
  return new StatusError('NOT_FOUND', 'resource_not_found', { message: `there is no logout delivery ${id.slice(0, 80)}` });
}
