import { appendAudit } from '@authority/audit';
import {
  type CreateUpstreamProviderRequest,
  type DeleteUpstreamProviderRequest,
  type ListUpstreamProvidersRequest,
  type ListUpstreamProvidersResponse,
  type UpdateUpstreamProviderRequest,
  UpstreamProvider as ProviderMessage,
} from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';
import { applyMask, assertEtag, fieldInvalid, maskedPaths, page, pageOf } from '@authority/listing';
import type { Database } from '@authority/postgres';
import type { SealedValues } from '@authority/sealing';
import { providerRows, secretPlace, type StoredProvider } from '../postgres/upstream-providers.ts';
import { presets } from './presets.ts';
import { changeableFields, fromMessage, toMessage } from './provider-message.ts';

export interface UpstreamAdminPorts {
  readonly database: Database;
  readonly sealed: Pick<SealedValues, 'seal'>;
  readonly issuer: string;
}

const order = { columns: [{ column: 'provider_id', type: 'text' }] } as const;
const mostProviders = 50;

/** UpstreamProviderService: every change with its audit row, in one transaction; a secret goes in and never comes out. */
export class UpstreamAdmin {
  constructor(private readonly ports: UpstreamAdminPorts) {}

  async list(request: ListUpstreamProvidersRequest): Promise<ListUpstreamProvidersResponse> {
    const one = page(request, { list: 'upstream_providers', order });
    const cut = pageOf(await providerRows.all(this.ports.database), one, ({ provider }) => [provider.providerId]);
    return { upstream_providers: cut.rows.map((row) => this.message(row)), next_page_token: cut.next_page_token };
  }

  async get(id: string): Promise<ProviderMessage> {
    return this.message(found(await providerRows.find(this.ports.database, id)));
  }

  async create({ upstream_provider, client_secret, preset }: CreateUpstreamProviderRequest, actor: string): Promise<ProviderMessage> {
    const provider = fromMessage(withPreset(upstream_provider ?? ProviderMessage.create(), preset));
    if (client_secret === '') throw fieldInvalid('client_secret', 'is missing');
    const secret = await this.sealed(provider.providerId, client_secret);
    const { database } = this.ports;
    const made = await database.transaction(async (tx) => {
      if ((await providerRows.all(tx)).length >= mostProviders)
        throw fieldInvalid('upstream_provider', `there are ${mostProviders} already`);
      const stored = await providerRows.insert(tx, provider, secret);
      if (!stored) throw exists(provider.providerId);
      await appendAudit(tx, { action: 'upstream_provider.create', actor, target: targetOf(provider.providerId) });
      return stored;
    });
    return this.message(made);
  }

  async update({ upstream_provider, update_mask, client_secret }: UpdateUpstreamProviderRequest, actor: string): Promise<ProviderMessage> {
    const patch = upstream_provider ?? ProviderMessage.create();
    const secret = client_secret === '' ? null : await this.sealed(patch.provider_id, client_secret);
    const changed = await this.ports.database.transaction(async (tx) => {
      const before = this.message(found(await providerRows.lock(tx, patch.provider_id)));
      assertEtag(patch.etag, before.etag);
      const next = applyMask(before, patch, update_mask, changeableFields);
      const stored = await providerRows.update(tx, fromMessage(next), secret);
      const details = { fields: maskedPaths(update_mask, changeableFields), secret: secret !== null };
      await appendAudit(tx, { action: 'upstream_provider.update', actor, target: targetOf(patch.provider_id), details });
      return found(stored);
    });
    return this.message(changed);
  }

  async delete({ provider_id, etag }: DeleteUpstreamProviderRequest, actor: string): Promise<void> {
    await this.ports.database.transaction(async (tx) => {
      assertEtag(etag, this.message(found(await providerRows.lock(tx, provider_id))).etag);
      await providerRows.remove(tx, provider_id);
      await appendAudit(tx, { action: 'upstream_provider.delete', actor, target: targetOf(provider_id) });
    });
  }

  private sealed(id: string, secret: string): Promise<string> {
    if (secret.length > 8_192) throw fieldInvalid('client_secret', 'must have at most 8192 characters');
    return this.ports.sealed.seal(Buffer.from(secret), secretPlace(id));
  }

  private message(stored: StoredProvider): ProviderMessage {
    return toMessage(stored, this.ports.issuer);
  }
}

const targetOf = (id: string): string => `upstream_provider:${id}`;

/** What the operator says goes before what the preset knows. */
function withPreset(message: ProviderMessage, name: string): ProviderMessage {
  const preset = name === '' ? {} : presets[name];
  if (preset === undefined) throw fieldInvalid('preset', `must be one of ${Object.keys(presets).join(', ')}`);
  return ProviderMessage.fromPartial({
    ...message,
    provider_id: message.provider_id || name,
    display_name: message.display_name || (preset.displayName ?? ''),
    kind: message.kind || (preset.kind ?? 'oidc'),
    issuer: message.issuer || (preset.issuer ?? ''),
    scopes:
      message.scopes.length > 0
        ? message.scopes
        : [...(preset.scopes ?? (message.kind === 'oauth2' ? [] : ['openid', 'email', 'profile']))],
    authorization_endpoint: message.authorization_endpoint || (preset.authorization_endpoint ?? ''),
    token_endpoint: message.token_endpoint || (preset.token_endpoint ?? ''),
    userinfo_endpoint: message.userinfo_endpoint || (preset.userinfo_endpoint ?? ''),
    emails_endpoint: message.emails_endpoint || (preset.emailsEndpoint ?? ''),
    client_authentication: message.client_authentication || (preset.authentication ?? 'client_secret_basic'),
    response_mode: message.response_mode || (preset.formPost ? 'form_post' : ''),
    subject_claim: message.subject_claim || (preset.subjectClaim ?? ''),
    trait_claims:
      Object.keys(message.trait_claims).length > 0 ? message.trait_claims : { ...(preset.traitClaims ?? { email: 'email', name: 'name' }) },
  });
}

function found(stored: StoredProvider | undefined): StoredProvider {
  if (stored) return stored;
  throw new StatusError('NOT_FOUND', 'resource_not_found', { message: 'there is no such upstream provider' });
}

function exists(id: string): StatusError {
  const violations = [{ field: 'upstream_provider.provider_id', description: 'exists' }];
  return new StatusError('ALREADY_EXISTS', 'resource_exists', { message: `upstream_provider.provider_id: ${id} exists`, violations });
}
