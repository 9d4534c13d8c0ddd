import { appendAudit } from '@authority/audit';
import { Grant as GrantMessage, type ListGrantsRequest, type ListGrantsResponse } from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';
import { exact, page, parseFilter, refusal, Where } from '@authority/listing';
import { statement } from '@authority/postgres';
import { type GrantRow, grantColumns, liveGrant } from '../postgres/grant-rows.ts';
import { revokeGrants } from '../postgres/grant-statements.ts';
import type { TokenStores } from '../stores.ts';

const order = {
  columns: [
    { column: 'created_at', type: 'timestamptz' },
    { column: 'grant_id', type: 'text' },
  ],
  descending: true,
} as const;

interface ListedRow extends GrantRow {
  end_day: number;
  stepped_at: Date | null;
  created_text: string;
}

const columns = `${grantColumns}, end_day, stepped_at,
  to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_text`;

const find = statement('grants_find', `SELECT ${columns} FROM grants WHERE grant_id = $1 AND ${liveGrant}`);

/** GrantService: what is in force, and its end. */
export class GrantAdmin {
  constructor(private readonly stores: TokenStores) {}

  async list(request: ListGrantsRequest): Promise<ListGrantsResponse> {
    const terms = parseFilter(request.filter, { sub: exact(), client_id: exact() });
    if (terms.length === 0) {
      throw refusal('filter_invalid', [{ field: 'filter', description: 'must name a sub or a client_id' }]);
    }
    const one = page(request, { list: 'grants', order });
    const where = new Where().add(liveGrant).filter(terms, { sub: 'sub', client_id: 'client_id' }).after(one);
    const text = `SELECT ${columns} FROM grants ${where.sql} ${one.orderBy} LIMIT ${one.limit}`;
    const rows = await this.stores.database.query<ListedRow>(statement(`grants_list_${where.shape}`, text), where.values);
    const cut = one.cut(rows, (row) => [row.created_text, row.grant_id]);
    return { grants: cut.rows.map(toMessage), next_page_token: cut.next_page_token };
  }

  async get(grant_id: string): Promise<GrantMessage> {
    return toMessage(await this.find(grant_id));
  }

  async revoke(grant_id: string, actor: string): Promise<void> {
    const { end_day, client_id, sub } = await this.find(grant_id);
    await this.stores.database.transaction(async (tx) => {
      const ended = await tx.query(revokeGrants, [end_day, [grant_id], ['operator']]);
      if (ended.length === 0) throw unknown(grant_id);
      await appendAudit(tx, { action: 'grant.revoke', actor, target: `grant:${grant_id}`, details: { why: 'operator', client_id, sub } });
    });
    await this.stores.poll.refresh();
  }

  private async find(grant_id: string): Promise<ListedRow> {
    const [row] = await this.stores.database.query<ListedRow>(find, [grant_id]);
    if (row === undefined) throw unknown(grant_id);
    return row;
  }
}

function unknown(grant_id: string): StatusError {
  return new StatusError('NOT_FOUND', 'resource_not_found', { message: `there is no live grant ${grant_id.slice(0, 128)}` });
}

function toMessage(row: ListedRow): GrantMessage {
  return GrantMessage.fromPartial({
    grant_id: row.grant_id,
    client_id: row.client_id,
    sub: row.sub,
    sid: row.sid ?? '',
    scope: row.scopes.join(' '),
    resources: row.resources,
    create_time_ms: row.created_at.getTime(),
    refresh_time_ms: row.stepped_at?.getTime() ?? 0,
    expire_time_ms: row.expires_at.getTime(),
  });
}
