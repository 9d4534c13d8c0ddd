import { listAudit } from '@authority/audit';
import {
  AuditServiceService,
  ClientServiceService,
  type CreateClientRequest,
  type CreateClientResponse,
  type CreateRegistrationTokenRequest,
  type CreateRegistrationTokenResponse,
  type CreateResourceRequest,
  type CreateResourceResponse,
  type DeleteClientRequest,
  type DeleteClientResponse,
  type DeleteGrantRequest,
  type DeleteGrantResponse,
  type DeleteKeyRequest,
  type DeleteKeyResponse,
  type DeleteRegistrationTokenRequest,
  type DeleteRegistrationTokenResponse,
  type DeleteResourceRequest,
  type DeleteResourceResponse,
  type DeleteSettingRequest,
  type DeleteSettingResponse,
  type GetClientRequest,
  type GetClientResponse,
  type GetGrantRequest,
  type GetGrantResponse,
  type GetKeyRequest,
  type GetKeyResponse,
  type GetRegistrationTokenRequest,
  type GetRegistrationTokenResponse,
  type GetResourceRequest,
  type GetResourceResponse,
  type GetSettingRequest,
  type GetSettingResponse,
  GrantServiceService,
  KeyServiceService,
  type ListAuditEventsRequest,
  type ListAuditEventsResponse,
  type ListClientsRequest,
  type ListClientsResponse,
  type ListGrantsRequest,
  type ListGrantsResponse,
  type ListKeysRequest,
  type ListKeysResponse,
  type ListRegistrationTokensRequest,
  type ListRegistrationTokensResponse,
  type ListResourcesRequest,
  type ListResourcesResponse,
  type ListSettingsRequest,
  type ListSettingsResponse,
  RegistrationTokenServiceService,
  ResourceServiceService,
  type RotateClientSecretRequest,
  type RotateClientSecretResponse,
  type RotateKeyRequest,
  type RotateKeyResponse,
  SettingsServiceService,
  type UpdateClientRequest,
  type UpdateClientResponse,
  type UpdateResourceRequest,
  type UpdateResourceResponse,
  type UpdateSettingRequest,
  type UpdateSettingResponse,
} from '@authority/contracts/admin';
import { type Call, GrpcController, type Handlers } from '@authority/rpc';
import { settingsHandlers } from '@authority/settings';
import { Inject } from '@nestjs/common';
import { actorOf } from '../admin/actor.ts';
import { TOKEN_CORE, type TokenCore } from '../core.ts';

/* The operators' API for what this service owns; only the admin service may call it (libs/rpc, topology). */

@GrpcController(ClientServiceService)
export class ClientController implements Handlers<typeof ClientServiceService> {
  constructor(@Inject(TOKEN_CORE) private readonly core: TokenCore) {}

  listClients(request: ListClientsRequest): Promise<ListClientsResponse> {
    return this.core.admin.clients.list(request);
  }

  async getClient({ client_id }: GetClientRequest): Promise<GetClientResponse> {
    return { client: await this.core.admin.clients.get(client_id) };
  }

  createClient(request: CreateClientRequest, call: Call): Promise<CreateClientResponse> {
    return this.core.admin.clients.create(request, actorOf(call));
  }

  async updateClient(request: UpdateClientRequest, call: Call): Promise<UpdateClientResponse> {
    return { client: await this.core.admin.clients.update(request, actorOf(call)), propagating: false };
  }

  async deleteClient(request: DeleteClientRequest, call: Call): Promise<DeleteClientResponse> {
    await this.core.admin.clients.delete(request, actorOf(call));
    return {};
  }

  async rotateClientSecret(request: RotateClientSecretRequest, call: Call): Promise<RotateClientSecretResponse> {
    return { client_secret: await this.core.admin.clients.rotateSecret(request, actorOf(call)) };
  }
}

@GrpcController(RegistrationTokenServiceService)
export class RegistrationTokenController implements Handlers<typeof RegistrationTokenServiceService> {
  constructor(@Inject(TOKEN_CORE) private readonly core: TokenCore) {}

  listRegistrationTokens(request: ListRegistrationTokensRequest): Promise<ListRegistrationTokensResponse> {
    return this.core.admin.registrationTokens.list(request);
  }

  async getRegistrationToken({ registration_token_id }: GetRegistrationTokenRequest): Promise<GetRegistrationTokenResponse> {
    return { registration_token: await this.core.admin.registrationTokens.get(registration_token_id) };
  }

  createRegistrationToken(request: CreateRegistrationTokenRequest, call: Call): Promise<CreateRegistrationTokenResponse> {
    return this.core.admin.registrationTokens.create(request, actorOf(call));
  }

  async deleteRegistrationToken(
    { registration_token_id }: DeleteRegistrationTokenRequest,
    call: Call,
  ): Promise<DeleteRegistrationTokenResponse> {
    await this.core.admin.registrationTokens.delete(registration_token_id, actorOf(call));
    return {};
  }
}

@GrpcController(ResourceServiceService)
export class ResourceController implements Handlers<typeof ResourceServiceService> {
  constructor(@Inject(TOKEN_CORE) private readonly core: TokenCore) {}

  listResources(request: ListResourcesRequest): Promise<ListResourcesResponse> {
    return this.core.admin.resources.list(request);
  }

  async getResource({ resource }: GetResourceRequest): Promise<GetResourceResponse> {
    return { resource: await this.core.admin.resources.get(resource) };
  }

  async createResource(request: CreateResourceRequest, call: Call): Promise<CreateResourceResponse> {
    return { resource: await this.core.admin.resources.create(request, actorOf(call)) };
  }

  async updateResource(request: UpdateResourceRequest, call: Call): Promise<UpdateResourceResponse> {
    return { resource: await this.core.admin.resources.update(request, actorOf(call)) };
  }

  async deleteResource(request: DeleteResourceRequest, call: Call): Promise<DeleteResourceResponse> {
    await this.core.admin.resources.delete(request, actorOf(call));
    return {};
  }
}

@GrpcController(GrantServiceService)
export class GrantController implements Handlers<typeof GrantServiceService> {
  constructor(@Inject(TOKEN_CORE) private readonly core: TokenCore) {}

  listGrants(request: ListGrantsRequest): Promise<ListGrantsResponse> {
    return this.core.admin.grants.list(request);
  }

  async getGrant({ grant_id }: GetGrantRequest): Promise<GetGrantResponse> {
    return { grant: await this.core.admin.grants.get(grant_id) };
  }

  async deleteGrant({ grant_id }: DeleteGrantRequest, call: Call): Promise<DeleteGrantResponse> {
    await this.core.admin.grants.revoke(grant_id, actorOf(call));
    return {};
  }
}

@GrpcController(KeyServiceService)
export class KeyController implements Handlers<typeof KeyServiceService> {
  constructor(@Inject(TOKEN_CORE) private readonly core: TokenCore) {}

  listKeys(request: ListKeysRequest): Promise<ListKeysResponse> {
    return this.core.admin.keys.list(request);
  }

  async getKey({ key_id }: GetKeyRequest): Promise<GetKeyResponse> {
    return { key: await this.core.admin.keys.get(key_id) };
  }

  async rotateKey({ use, alg }: RotateKeyRequest, call: Call): Promise<RotateKeyResponse> {
    return { key: await this.core.admin.keys.rotate(use, alg, actorOf(call)) };
  }

  async deleteKey({ key_id }: DeleteKeyRequest, call: Call): Promise<DeleteKeyResponse> {
    await this.core.admin.keys.delete(key_id, actorOf(call));
    return {};
  }
}

@GrpcController(SettingsServiceService)
export class SettingsController implements Handlers<typeof SettingsServiceService> {
  private readonly handlers: Handlers<typeof SettingsServiceService>;

  constructor(@Inject(TOKEN_CORE) core: TokenCore) {
    this.handlers = settingsHandlers(core.stores.settings, core.issuer);
  }

  listSettings(request: ListSettingsRequest, call: Call): Promise<ListSettingsResponse> {
    return this.handlers.listSettings(request, call);
  }

  getSetting(request: GetSettingRequest, call: Call): Promise<GetSettingResponse> {
    return this.handlers.getSetting(request, call);
  }

  updateSetting(request: UpdateSettingRequest, call: Call): Promise<UpdateSettingResponse> {
    return this.handlers.updateSetting(request, call);
  }

  deleteSetting(request: DeleteSettingRequest, call: Call): Promise<DeleteSettingResponse> {
    return this.handlers.deleteSetting(request, call);
  }
}

@GrpcController(AuditServiceService)
export class AuditController implements Handlers<typeof AuditServiceService> {
  constructor(@Inject(TOKEN_CORE) private readonly core: TokenCore) {}

  listAuditEvents(request: ListAuditEventsRequest): Promise<ListAuditEventsResponse> {
    return listAudit(this.core.stores.database, 'token', request);
  }
}
