import {
  type ListLogoutDeliveriesRequest,
  type ListLogoutDeliveriesResponse,
  LogoutDeliveryServiceService,
  type RetryLogoutDeliveryRequest,
  type RetryLogoutDeliveryResponse,
} from '@authority/contracts/admin';
import { type Call, GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { actorOf } from '../admin/actor.ts';
import { TOKEN_CORE, type TokenCore } from '../core.ts';

/** What clients are told of logouts; only the admin service may call it. */
@GrpcController(LogoutDeliveryServiceService)
export class LogoutDeliveryController implements Handlers<typeof LogoutDeliveryServiceService> {
  constructor(@Inject(TOKEN_CORE) private readonly core: TokenCore) {}

  listLogoutDeliveries(request: ListLogoutDeliveriesRequest): Promise<ListLogoutDeliveriesResponse> {
    return this.core.admin.logoutDeliveries.list(request);
  }

  async retryLogoutDelivery({ logout_delivery_id }: RetryLogoutDeliveryRequest, call: Call): Promise<RetryLogoutDeliveryResponse> {
    return { logout_delivery: await this.core.admin.logoutDeliveries.retry(logout_delivery_id, actorOf(call)) };
  }
}
