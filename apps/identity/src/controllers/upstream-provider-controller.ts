import {
  type CreateUpstreamProviderRequest,
  type CreateUpstreamProviderResponse,
  type DeleteUpstreamProviderRequest,
  type DeleteUpstreamProviderResponse,
  type GetUpstreamProviderRequest,
  type GetUpstreamProviderResponse,
  type ListUpstreamProvidersRequest,
  type ListUpstreamProvidersResponse,
  type UpdateUpstreamProviderRequest,
  type UpdateUpstreamProviderResponse,
  UpstreamProviderServiceService,
} from '@authority/contracts/admin';
import { type Call, GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { IDENTITY_CORE, type IdentityCore } from '../tokens.ts';
import { actorOf } from './actor.ts';

/** Upstream providers for operators; forwarded by admin. */
@GrpcController(UpstreamProviderServiceService)
export class UpstreamProviderController implements Handlers<typeof UpstreamProviderServiceService> {
  readonly #core: IdentityCore;

  constructor(@Inject(IDENTITY_CORE) core: IdentityCore) {
    this.#core = core;
  }

  listUpstreamProviders(request: ListUpstreamProvidersRequest): Promise<ListUpstreamProvidersResponse> {
    return this.#core.upstreamAdmin.list(request);
  }

  async getUpstreamProvider({ provider_id }: GetUpstreamProviderRequest): Promise<GetUpstreamProviderResponse> {
    return { upstream_provider: await this.#core.upstreamAdmin.get(provider_id) };
  }

  async createUpstreamProvider(request: CreateUpstreamProviderRequest, call: Call): Promise<CreateUpstreamProviderResponse> {
    return { upstream_provider: await this.#core.upstreamAdmin.create(request, actorOf(call)) };
  }

  async updateUpstreamProvider(request: UpdateUpstreamProviderRequest, call: Call): Promise<UpdateUpstreamProviderResponse> {
    return { upstream_provider: await this.#core.upstreamAdmin.update(request, actorOf(call)) };
  }

  async deleteUpstreamProvider(request: DeleteUpstreamProviderRequest, call: Call): Promise<DeleteUpstreamProviderResponse> {
    await this.#core.upstreamAdmin.delete(request, actorOf(call));
    return {};
  }
}
