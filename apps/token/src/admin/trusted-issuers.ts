import { randomBytes } from 'node:crypto';
import { appendAudit } from '@authority/audit';
import {
  type CreateTrustedIssuerRequest,
  type DeleteTrustedIssuerRequest,
  type ListTrustedIssuersRequest,
  type ListTrustedIssuersResponse,
  TrustedIssuer as TrustedIssuerMessage,
  type UpdateTrustedIssuerRequest,
} from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';
import { applyMask, assertEtag, maskedPaths, page, parseFilter, prefix, Where } from '@authority/listing';
import { statement } from '@authority/postgres';
import { makeScopesKnown } from '../postgres/scopes.ts';
import { fromRow, type StoredTrustedIssuer, type TrustedIssuerRow, trustedIssuerRows } from '../postgres/trusted-issuers.ts';
import type { TokenStores } from '../stores.ts';
import { fromMessage, mutableTrustedIssuerFields, toMessage } from './trusted-issuer-message.ts';

const order = {
  columns: [
    { column: 'created_at', type: 'timestamptz' },
    { column: 'trusted_issuer_id', type: 'text' },
  ],
} as const;

const filterFields = { issuer: prefix(), display_name: prefix() };
const filterColumns = { issuer: 'issuer', display_name: "description ->> 'displayName'" };

/** TrustedIssuerService: every change with its audit row, in one transaction. */
export class TrustedIssuerAdmin {
  constructor(
    private readonly stores: TokenStores,
    private readonly issuer: string,
  ) {}

  async list(request: ListTrustedIssuersRequest): Promise<ListTrustedIssuersResponse> {
    const one = page(request, { list: 'trusted_issuers', order });
    const where = new Where().add('deleted_at IS NULL').filter(parseFilter(request.filter, filterFields), filterColumns).after(one);
    const rows = await this.stores.database.query<TrustedIssuerRow & { created_text: string }>(
      statement(
        `trusted_issuers_list_${where.shape}`,
        `SELECT *, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_text
         FROM trusted_issuers ${where.sql} ${one.orderBy} LIMIT ${one.limit}`,
      ),
      where.values,
    );
    const cut = one.cut(rows, (row) => [row.created_text, row.trusted_issuer_id]);
    return { trusted_issuers: cut.rows.map((row) => toMessage(fromRow(row))), next_page_token: cut.next_page_token };
  }

  async get(id: string): Promise<TrustedIssuerMessage> {
    return toMessage(found(await trustedIssuerRows.find(this.stores.database, id), id));
  }

  async create({ trusted_issuer }: CreateTrustedIssuerRequest, actor: string): Promise<TrustedIssuerMessage> {
    const trusted_issuer_id = makeId();
    const message = { ...(trusted_issuer ?? TrustedIssuerMessage.create()), trusted_issuer_id };
    const described = fromMessage(message, this.issuer, trusted_issuer_id);
    const created = await this.stores.database.transaction(async (tx) => {
      const stored = await trustedIssuerRows.insert(tx, described);
      if (stored === undefined) throw exists(described.trustedIssuer.issuer);
      await makeScopesKnown(tx, described.trustedIssuer.scopes);
      const { jwks: _, ...details } = described.trustedIssuer;
      await appendAudit(tx, { action: 'trusted_issuer.create', actor, target: `trusted_issuer:${trusted_issuer_id}`, details });
      return stored;
    });
    await this.stores.poll.refresh();
    return toMessage(created);
  }

  async update({ trusted_issuer: patch, update_mask }: UpdateTrustedIssuerRequest, actor: string): Promise<TrustedIssuerMessage> {
    const message = patch ?? TrustedIssuerMessage.create();
    const id = message.trusted_issuer_id;
    const updated = await this.stores.database.transaction(async (tx) => {
      const stored = found(await trustedIssuerRows.findLocked(tx, id), id);
      const { disabled, tokenFamily } = stored.trustedIssuer;
      const current = toMessage(stored);
      assertEtag(message.etag, current.etag);
      const changed = applyMask(current, message, update_mask, mutableTrustedIssuerFields);
      const ends = changed.disabled && !disabled;
      const next = fromMessage(changed, this.issuer, ends ? makeId() : tokenFamily);
      const written = await trustedIssuerRows.update(tx, next);
      if (ends) await trustedIssuerRows.endTokens(tx, tokenFamily);
      await makeScopesKnown(tx, next.trustedIssuer.scopes);
      const details = { fields: maskedPaths(update_mask, mutableTrustedIssuerFields), disabled: changed.disabled };
      await appendAudit(tx, { action: 'trusted_issuer.update', actor, target: `trusted_issuer:${id}`, details });
      return written;
    });
    await this.stores.poll.refresh();
    return toMessage(updated);
  }

  /** Its assertions are refused from then on, and what they got ends: at every replica by the next poll. */
  async delete({ trusted_issuer_id, etag }: DeleteTrustedIssuerRequest, actor: string): Promise<void> {
    await this.stores.database.transaction(async (tx) => {
      const current = found(await trustedIssuerRows.findLocked(tx, trusted_issuer_id), trusted_issuer_id);
      assertEtag(etag, toMessage(current).etag);
      await trustedIssuerRows.remove(tx, current.trustedIssuer);
      const details = { issuer: current.trustedIssuer.issuer };
      await appendAudit(tx, { action: 'trusted_issuer.delete', actor, target: `trusted_issuer:${trusted_issuer_id}`, details });
    });
    await this.stores.poll.refresh();
  }
}

const makeId = (): string => `ti_${randomBytes(12).toString('base64url')}`;

function found(stored: StoredTrustedIssuer | undefined, id: string): StoredTrustedIssuer {
  if (stored !== undefined) return stored;
  throw new StatusError('NOT_FOUND', 'resource_not_found', { message: `there is no trusted issuer ${id.slice(0, 80)}` });
}

function exists(issuer: string): StatusError {
  return new StatusError('ALREADY_EXISTS', 'resource_exists', {
    message: `trusted_issuer.issuer: ${issuer.slice(0, 128)} exists`,
    violations: [{ field: 'trusted_issuer.issuer', description: 'exists' }],
  });
}
