import { listAudit } from '@authority/audit';
import {
  AuditServiceService,
  type DeleteSettingRequest,
  type DeleteSettingResponse,
  type GetSettingRequest,
  type GetSettingResponse,
  type ListAuditEventsRequest,
  type ListAuditEventsResponse,
  type ListSettingsRequest,
  type ListSettingsResponse,
  SettingsServiceService,
  type UpdateSettingRequest,
  type UpdateSettingResponse,
} from '@authority/contracts/admin';
import { type Call, GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { IDENTITY_CORE, type IdentityCore } from '../tokens.ts';

/** Identity's own settings; admin merges the owners. */
@GrpcController(SettingsServiceService)
export class SettingsController implements Handlers<typeof SettingsServiceService> {
  readonly #core: IdentityCore;

  constructor(@Inject(IDENTITY_CORE) core: IdentityCore) {
    this.#core = core;
  }

  listSettings(request: ListSettingsRequest, call: Call): Promise<ListSettingsResponse> {
    return this.#core.settings.listSettings(request, call);
  }

  getSetting(request: GetSettingRequest, call: Call): Promise<GetSettingResponse> {
    return this.#core.settings.getSetting(request, call);
  }

  updateSetting(request: UpdateSettingRequest, call: Call): Promise<UpdateSettingResponse> {
    return this.#core.settings.updateSetting(request, call);
  }

  deleteSetting(request: DeleteSettingRequest, call: Call): Promise<DeleteSettingResponse> {
    return this.#core.settings.deleteSetting(request, call);
  }
}

/** Identity's own audit rows; admin merges the owners. */
@GrpcController(AuditServiceService)
export class AuditController implements Handlers<typeof AuditServiceService> {
  readonly #core: IdentityCore;

  constructor(@Inject(IDENTITY_CORE) core: IdentityCore) {
    this.#core = core;
  }

  listAuditEvents(request: ListAuditEventsRequest): Promise<ListAuditEventsResponse> {
    return listAudit(this.#core.database, 'identity', request);
  }
}
