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
import { SESSION_CORE, type SessionCore } from '../tokens.ts';

/** Session's own settings; admin merges the owners. */
@GrpcController(SettingsServiceService)
export class SettingsController implements Handlers<typeof SettingsServiceService> {
  readonly #core: SessionCore;

  constructor(@Inject(SESSION_CORE) core: SessionCore) {
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

/** Session's own audit rows; admin merges the owners. */
@GrpcController(AuditServiceService)
export class AuditController implements Handlers<typeof AuditServiceService> {
  readonly #core: SessionCore;

  constructor(@Inject(SESSION_CORE) core: SessionCore) {
    this.#core = core;
  }

  listAuditEvents(request: ListAuditEventsRequest): Promise<ListAuditEventsResponse> {
    return listAudit(this.#core.database, 'session', request);
  }
}
