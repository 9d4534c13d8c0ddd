import { appendAudit } from '@authority/audit';
import type {
  CreateResourceRequest,
  DeleteResourceRequest,
  ListResourcesRequest,
  ListResourcesResponse,
  UpdateResourceRequest,
} from '@authority/contracts/admin';
import { Resource as ResourceMessage } from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';
import { applyMask, assertEtag, flag, maskedPaths, page, parseFilter, prefix, Where } from '@authority/listing';
import { statement } from '@authority/postgres';
import { fromRow, type ResourceRow, resourceRows, type StoredResource } from '../postgres/resources.ts';
import { makeScopesKnown } from '../postgres/scopes.ts';
import type { TokenStores } from '../stores.ts';
import { fromMessage, mutableResourceFields, toMessage } from './resource-message.ts';

const order = {
  columns: [
    { column: 'created_at', type: 'timestamptz' },
    { column: 'resource', type: 'text' },
  ],
} as const;

const filterFields = { resource: prefix(), resource_name: prefix(), shared: flag() };

const filterColumns = {
  resource: 'resource',
  resource_name: "description ->> 'resource_name'",
  shared: "(description ->> 'shared')::boolean",
};

/** ResourceService: every change with its audit row, in one transaction. */
export class ResourceAdmin {
  constructor(
    private readonly stores: TokenStores,
    private readonly issuer: string,
  ) {}

  async list(request: ListResourcesRequest): Promise<ListResourcesResponse> {
    const one = page(request, { list: 'resources', order });
    const where = new Where().add('deleted_at IS NULL').filter(parseFilter(request.filter, filterFields), filterColumns).after(one);
    const rows = await this.stores.database.query<ResourceRow & { created_text: string }>(
      statement(
        `resources_list_${where.shape}`,
        `SELECT *, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_text
         FROM resources ${where.sql} ${one.orderBy} LIMIT ${one.limit}`,
      ),
      where.values,
    );
    const cut = one.cut(rows, (row) => [row.created_text, row.resource]);
    return { resources: cut.rows.map((row) => toMessage(fromRow(row))), next_page_token: cut.next_page_token };
  }

  async get(resource: string): Promise<ResourceMessage> {
    return toMessage(found(await resourceRows.find(this.stores.database, resource), resource));
  }

  async create(request: CreateResourceRequest, actor: string): Promise<ResourceMessage> {
    const resource = fromMessage(request.resource ?? ResourceMessage.create(), this.issuer);
    const created = await this.stores.database.transaction(async (tx) => {
      const stored = await resourceRows.insert(tx, resource);
      if (stored === undefined) throw exists(resource.resource);
      await makeScopesKnown(
        tx,
        resource.scopes.map(({ name }) => name),
      );
      const { resource: identifier, ...details } = resource;
      await appendAudit(tx, { action: 'resource.create', actor, target: `resource:${identifier}`, details: { ...details } });
      return stored;
    });
    await this.stores.poll.refresh();
    return toMessage(created);
  }

  async update({ resource: patch, update_mask }: UpdateResourceRequest, actor: string): Promise<ResourceMessage> {
    const message = patch ?? ResourceMessage.create();
    const identifier = message.resource;
    const updated = await this.stores.database.transaction(async (tx) => {
      const current = toMessage(found(await resourceRows.findLocked(tx, identifier), identifier));
      assertEtag(message.etag, current.etag);
      const next = fromMessage(applyMask(current, message, update_mask, mutableResourceFields), this.issuer);
      const written = await resourceRows.update(tx, next);
      await makeScopesKnown(
        tx,
        next.scopes.map(({ name }) => name),
      );
      const details = { fields: maskedPaths(update_mask, mutableResourceFields) };
      await appendAudit(tx, { action: 'resource.update', actor, target: `resource:${identifier}`, details });
      return written;
    });
    await this.stores.poll.refresh();
    return toMessage(updated);
  }

  async delete({ resource, etag }: DeleteResourceRequest, actor: string): Promise<void> {
    await this.stores.database.transaction(async (tx) => {
      assertEtag(etag, toMessage(found(await resourceRows.findLocked(tx, resource), resource)).etag);
      await resourceRows.remove(tx, resource);
      await appendAudit(tx, { action: 'resource.delete', actor, target: `resource:${resource}` });
    });
    await this.stores.poll.refresh();
  }
}

function found(stored: StoredResource | undefined, resource: string): StoredResource {
  if (stored !== undefined) return stored;
  throw new StatusError('NOT_FOUND', 'resource_not_found', { message: `there is no resource ${resource.slice(0, 128)}` });
}

function exists(resource: string): StatusError {
  return new StatusError('ALREADY_EXISTS', 'resource_exists', {
    message: `resource.resource: ${resource.slice(0, 128)} exists`,
    violations: [{ field: 'resource.resource', description: 'exists' }],
  });
}
