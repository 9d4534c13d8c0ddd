import {
  ApplicationServiceService,
  type ListApplicationsRequest,
  type ListApplicationsResponse,
  type RevokeApplicationRequest,
  type RevokeApplicationResponse,
} from '@authority/contracts/token';
import { GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { TOKEN_CORE, type TokenCore } from '../core.ts';

/** A person's applications; the gateway brings the session. */
@GrpcController(ApplicationServiceService)
export class ApplicationController implements Handlers<typeof ApplicationServiceService> {
  constructor(@Inject(TOKEN_CORE) private readonly core: TokenCore) {}

  /** Applications with access to the account. */
  listApplications(request: ListApplicationsRequest): Promise<ListApplicationsResponse> {
    return this.core.applications.list(request);
  }

  /** Takes all access of one back. */
  revokeApplication(request: RevokeApplicationRequest): Promise<RevokeApplicationResponse> {
    return this.core.applications.revoke(request);
  }
}
