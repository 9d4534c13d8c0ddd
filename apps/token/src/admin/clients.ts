import { appendAudit } from '@authority/audit';
import type {
  CreateClientRequest,
  CreateClientResponse,
  DeleteClientRequest,
  ListClientsRequest,
  ListClientsResponse,
  RotateClientSecretRequest,
  UpdateClientRequest,
} from '@authority/contracts/admin';
import { Client as ClientMessage } from '@authority/contracts/admin';
import { OAuthError, StatusError } from '@authority/errors';
import { applyMask, assertEtag, exact, fieldInvalid, flag, maskedPaths, oneOf, page, parseFilter, prefix, Where } from '@authority/listing';
import { type Queryable, statement } from '@authority/postgres';
import {
  assertSectorIdentifier,
  type Client,
  isClientId,
  isOperatorScope,
  makeClientId,
  makeSecret,
  makeSigningSecret,
  type ProtocolPorts,
} from '@authority/protocol';
import { type ClientRow, clientRows, fromRow, type StoredClient } from '../postgres/client-rows.ts';
import { endClient } from '../postgres/endings.ts';
import { makeScopesKnown } from '../postgres/scopes.ts';
import { systemRandom } from '../random.ts';
import type { TokenStores } from '../stores.ts';
import { type ClientTerms, fromMessage, mutableClientFields, toMessage } from './client-message.ts';

const order = {
  columns: [
    { column: 'created_at', type: 'timestamptz' },
    { column: 'client_id', type: 'text' },
  ],
} as const;

const filterFields = {
  client_id: prefix(),
  client_name: prefix(),
  disabled: flag(),
  origin: oneOf('operator', 'dynamic', 'first_start'),
  grant_types: exact(),
};

const filterColumns = {
  client_id: 'client_id',
  client_name: "metadata ->> 'client_name'",
  disabled: 'disabled',
  origin: 'origin',
  grant_types: (value: string): string => `metadata -> 'grant_types' ? ${value}`,
};

const withSecret = new Set(['client_secret_basic', 'client_secret_post', 'client_secret_jwt']);

function secretFor({ token_endpoint_auth_method }: Client): string {
  return token_endpoint_auth_method === 'client_secret_jwt' ? makeSigningSecret(systemRandom) : makeSecret(systemRandom);
}

/** ClientService: every change with its audit row, in one transaction. */
export class ClientAdmin {
  constructor(
    private readonly stores: TokenStores,
    private readonly issuer: string,
    private readonly ports: Pick<ProtocolPorts, 'sectorIdentifiers' | 'policy'>,
  ) {}

  async list(request: ListClientsRequest): Promise<ListClientsResponse> {
    const one = page(request, { list: 'clients', order });
    const where = new Where().add('deleted_at IS NULL').filter(parseFilter(request.filter, filterFields), filterColumns).after(one);
    const rows = await this.stores.database.query<ClientRow & { created_text: string }>(
      statement(
        `clients_list_${where.shape}`,
        `SELECT *, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_text
         FROM clients ${where.sql} ${one.orderBy} LIMIT ${one.limit}`,
      ),
      where.values,
    );
    const cut = one.cut(rows, (row) => [row.created_text, row.client_id]);
    return { clients: cut.rows.map((row) => toMessage(fromRow(row))), next_page_token: cut.next_page_token };
  }

  async get(client_id: string): Promise<ClientMessage> {
    return toMessage(found(await clientRows.find(this.stores.database, client_id), client_id));
  }

  async create(request: CreateClientRequest, actor: string): Promise<CreateClientResponse> {
    const message = request.client ?? ClientMessage.create();
    const client_id = message.client_id || makeClientId(systemRandom);
    if (!isClientId(client_id)) {
      throw fieldInvalid('client.client_id', 'must be 1 to 128 letters, digits and . _ ~ -, and not shaped like a UUID');
    }
    const client = fromMessage(message, client_id, this.terms());
    await this.assertSector(client);
    const client_secret = withSecret.has(client.token_endpoint_auth_method) ? secretFor(client) : '';
    const created = await this.stores.database.transaction(async (tx) => {
      const stored = await clientRows.insert(tx, { client, origin: 'operator' });
      if (stored === undefined) throw exists(client_id);
      if (client_secret !== '') await this.addSecret(tx, client, client_secret);
      await makeScopesKnown(tx, client.scopes);
      const details = { client_name: client.client_name ?? '', grant_types: client.grant_types };
      await appendAudit(tx, { action: 'client.create', actor, target: `client:${client_id}`, details });
      return found(await clientRows.find(tx, client_id), client_id);
    });
    await this.stores.poll.refresh();
    return { client: toMessage(created), client_secret };
  }

  async update({ client: patch, update_mask }: UpdateClientRequest, actor: string): Promise<ClientMessage> {
    const message = patch ?? ClientMessage.create();
    const { client_id } = message;
    await this.assertSectorAfter(message, update_mask);
    const updated = await this.stores.database.transaction(async (tx) => {
      const stored = found(await clientRows.findLocked(tx, client_id), client_id);
      const current = toMessage(stored);
      assertEtag(message.etag, current.etag);
      const next = fromMessage(applyMask(current, message, update_mask, mutableClientFields), client_id, this.terms());
      const written = await clientRows.update(tx, next);
      // What the client had is over, also when it is enabled again.
      if ((next.disabled && !stored.client.disabled) || losesOperator(stored.client, next)) await endClient(tx, client_id);
      await makeScopesKnown(tx, next.scopes);
      const details = { fields: maskedPaths(update_mask, mutableClientFields), disabled: next.disabled };
      await appendAudit(tx, { action: 'client.update', actor, target: `client:${client_id}`, details });
      return written;
    });
    await this.stores.poll.refresh();
    return toMessage(updated);
  }

  async delete({ client_id, etag }: DeleteClientRequest, actor: string): Promise<void> {
    await this.stores.database.transaction(async (tx) => {
      assertEtag(etag, toMessage(found(await clientRows.findLocked(tx, client_id), client_id)).etag);
      await clientRows.remove(tx, client_id);
      await endClient(tx, client_id);
      await appendAudit(tx, { action: 'client.delete', actor, target: `client:${client_id}` });
    });
    await this.stores.poll.refresh();
  }

  async rotateSecret({ client_id, drop_previous }: RotateClientSecretRequest, actor: string): Promise<string> {
    const client_secret = await this.stores.database.transaction(async (tx) => {
      const { client } = found(await clientRows.findLocked(tx, client_id), client_id);
      if (!withSecret.has(client.token_endpoint_auth_method)) {
        const message = `client_id: ${client_id} does not authenticate with a secret, but with ${client.token_endpoint_auth_method}`;
        throw new StatusError('FAILED_PRECONDITION', 'field_invalid', { message });
      }
      if (drop_previous) await clientRows.dropSecrets(tx, client_id);
      else await clientRows.keepNewestSecret(tx, client_id);
      const secret = secretFor(client);
      await this.addSecret(tx, client, secret);
      await appendAudit(tx, { action: 'client.rotate_secret', actor, target: `client:${client_id}`, details: { drop_previous } });
      return secret;
    });
    await this.stores.poll.refresh();
    return client_secret;
  }

  /** Before the transaction, which must not wait for somebody else's server. Of two updates at once the later one's fields count. */
  private async assertSectorAfter(message: ClientMessage, mask: string[] | undefined): Promise<void> {
    if (!maskedPaths(mask, mutableClientFields).some((path) => path === 'sector_identifier_uri' || path === 'redirect_uris')) return;
    const current = toMessage(found(await clientRows.find(this.stores.database, message.client_id), message.client_id));
    await this.assertSector(fromMessage(applyMask(current, message, mask, mutableClientFields), message.client_id, this.terms()));
  }

  private terms(): ClientTerms {
    return { issuer: this.issuer, profile: this.ports.policy.profile() };
  }

  private async assertSector(client: Client): Promise<void> {
    try {
      await assertSectorIdentifier(client, this.ports.sectorIdentifiers);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      throw fieldInvalid('client.sector_identifier_uri', error.description ?? error.error);
    }
  }

  private addSecret(tx: Queryable, client: Client, secret: string): Promise<void> {
    return clientRows.addSecret(tx, client.client_id, this.stores.clientSecrets.keep(client, secret));
  }
}

/** The admin API asks whether a token is active, not who its client is by now: what an operator held is over at once. */
function losesOperator(before: Client, next: Client): boolean {
  if (!before.operator) return false;
  return !next.operator || before.scopes.some((scope) => isOperatorScope(scope) && !next.scopes.includes(scope));
}

function found(stored: StoredClient | undefined, client_id: string): StoredClient {
  if (stored !== undefined) return stored;
  throw new StatusError('NOT_FOUND', 'resource_not_found', { message: `there is no client ${client_id.slice(0, 128)}` });
}

function exists(client_id: string): StatusError {
  return new StatusError('ALREADY_EXISTS', 'resource_exists', {
    message: `client.client_id: ${client_id} is taken, or was once`,
    violations: [{ field: 'client.client_id', description: 'is taken, or was once' }],
  });
}
