import { randomBytes } from 'node:crypto';
import { appendAudit } from '@authority/audit';
import {
  type CreateRegistrationTokenRequest,
  type CreateRegistrationTokenResponse,
  type ListRegistrationTokensRequest,
  type ListRegistrationTokensResponse,
  RegistrationToken as TokenMessage,
} from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';
import { etagOf, fieldInvalid, page, parseFilter, prefix, Where } from '@authority/listing';
import { statement } from '@authority/postgres';
import { isOperatorScope, isScopeToken, makeSecret, type RegistrationPolicy, registries } from '@authority/protocol';
import { type RegistrationTokenRow, registrationTokenRows } from '../postgres/registration-tokens.ts';
import { makeScopesKnown } from '../postgres/scopes.ts';
import { systemRandom } from '../random.ts';
import type { TokenStores } from '../stores.ts';
import { profileOf } from './operator-fields.ts';

const order = {
  columns: [
    { column: 'created_at', type: 'timestamptz' },
    { column: 'registration_token_id', type: 'text' },
  ],
} as const;

/** RegistrationTokenService: initial access tokens and their policies (RFC 7591 §3). */
export class RegistrationTokenAdmin {
  constructor(private readonly stores: TokenStores) {}

  async list(request: ListRegistrationTokensRequest): Promise<ListRegistrationTokensResponse> {
    const one = page(request, { list: 'registration_tokens', order });
    const terms = parseFilter(request.filter, { description: prefix() });
    const where = new Where().filter(terms, { description: 'description' }).after(one);
    const rows = await this.stores.database.query<RegistrationTokenRow & { created_text: string }>(
      statement(
        `registration_tokens_list_${where.shape}`,
        `SELECT ${registrationTokenRows.columns}, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_text
         FROM registration_tokens ${where.sql} ${one.orderBy} LIMIT ${one.limit}`,
      ),
      where.values,
    );
    const cut = one.cut(rows, (row) => [row.created_text, row.registration_token_id]);
    return { registration_tokens: cut.rows.map(toMessage), next_page_token: cut.next_page_token };
  }

  async get(registration_token_id: string): Promise<TokenMessage> {
    const row = await registrationTokenRows.find(this.stores.database, registration_token_id);
    if (row === undefined) throw unknown(registration_token_id);
    return toMessage(row);
  }

  async create(request: CreateRegistrationTokenRequest, actor: string): Promise<CreateRegistrationTokenResponse> {
    const message = request.registration_token ?? TokenMessage.create();
    const policy = policyOf(message);
    const registration_token_id = `rt_${randomBytes(12).toString('base64url')}`;
    const value = makeSecret(systemRandom);
    const { description, uses_limit, expire_time_ms } = message;
    if (description.length > 500) throw fieldInvalid('registration_token.description', 'must have at most 500 characters');
    const row = await this.stores.database.transaction(async (tx) => {
      const expires_at = expire_time_ms === 0 ? null : new Date(expire_time_ms);
      const entry = { registration_token_id, description, policy, uses_limit, expires_at };
      const inserted = await registrationTokenRows.insert(tx, entry, value);
      await makeScopesKnown(tx, policy.scopes);
      const target = `registration_token:${registration_token_id}`;
      await appendAudit(tx, { action: 'registration_token.create', actor, target, details: { ...policy, uses_limit } });
      return inserted;
    });
    await this.stores.poll.refresh();
    return { registration_token: toMessage(row), value };
  }

  async delete(registration_token_id: string, actor: string): Promise<void> {
    await this.stores.database.transaction(async (tx) => {
      if (!(await registrationTokenRows.remove(tx, registration_token_id))) throw unknown(registration_token_id);
      await appendAudit(tx, { action: 'registration_token.delete', actor, target: `registration_token:${registration_token_id}` });
    });
  }
}

function policyOf(message: TokenMessage): RegistrationPolicy {
  const scopes = message.scope.split(' ').filter((scope) => scope !== '');
  for (const scope of scopes) {
    if (!isScopeToken(scope) || isOperatorScope(scope)) {
      throw fieldInvalid('registration_token.scope', `${scope.slice(0, 80)} cannot be given by registration`);
    }
  }
  const methods = registries.clientAuthenticationMethods.map(({ name }) => name);
  const foreign = message.token_endpoint_auth_methods.find((method) => !methods.includes(method));
  if (foreign !== undefined) {
    throw fieldInvalid('registration_token.token_endpoint_auth_methods', `${foreign.slice(0, 80)} is none of ${methods.join(', ')}`);
  }
  const profile = profileOf(message.profile, 'registration_token.profile');
  return {
    allowNoPkce: message.allow_no_pkce,
    allowImplicit: message.allow_implicit,
    allowHybrid: message.allow_hybrid,
    allowPassword: message.allow_password,
    allowDevice: message.allow_device,
    scopes,
    tokenEndpointAuthMethods: message.token_endpoint_auth_methods,
    ...(profile && { profile }),
  };
}

function toMessage(row: RegistrationTokenRow): TokenMessage {
  const { policy } = row;
  const message = TokenMessage.fromPartial({
    registration_token_id: row.registration_token_id,
    description: row.description,
    allow_no_pkce: policy.allowNoPkce,
    allow_implicit: policy.allowImplicit,
    allow_hybrid: policy.allowHybrid,
    allow_password: policy.allowPassword,
    allow_device: policy.allowDevice === true,
    profile: policy.profile ?? '',
    scope: policy.scopes.join(' '),
    token_endpoint_auth_methods: [...policy.tokenEndpointAuthMethods],
    uses_limit: row.uses_limit,
    uses: row.uses,
    expire_time_ms: row.expires_at?.getTime() ?? 0,
    create_time_ms: row.created_at.getTime(),
  });
  return { ...message, etag: etagOf(message) };
}

function unknown(registration_token_id: string): StatusError {
  const message = `there is no registration token ${registration_token_id.slice(0, 80)}`;
  return new StatusError('NOT_FOUND', 'resource_not_found', { message });
}
