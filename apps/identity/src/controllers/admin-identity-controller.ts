import {
  type CreateIdentityRequest,
  type CreateIdentityResponse,
  type DeleteIdentityRequest,
  type DeleteIdentityResponse,
  type GetIdentityRequest,
  type GetIdentityResponse,
  IdentityServiceService,
  type ListIdentitiesRequest,
  type ListIdentitiesResponse,
  type SetPasswordRequest,
  type SetPasswordResponse,
  type UpdateIdentityRequest,
  type UpdateIdentityResponse,
} from '@authority/contracts/admin';
import { type Call, GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { actorOf } from './actor.ts';
import { IDENTITY_CORE, type IdentityCore } from '../tokens.ts';

/** Identities for operators; forwarded by admin. */
@GrpcController(IdentityServiceService)
export class AdminIdentityController implements Handlers<typeof IdentityServiceService> {
  readonly #core: IdentityCore;

  constructor(@Inject(IDENTITY_CORE) core: IdentityCore) {
    this.#core = core;
  }

  listIdentities(request: ListIdentitiesRequest): Promise<ListIdentitiesResponse> {
    return this.#core.directory.list(request);
  }

  async getIdentity({ sub }: GetIdentityRequest): Promise<GetIdentityResponse> {
    return { identity: await this.#core.directory.get(sub) };
  }

  async createIdentity(request: CreateIdentityRequest, call: Call): Promise<CreateIdentityResponse> {
    return { identity: await this.#core.directory.create(request, actorOf(call)) };
  }

  updateIdentity(request: UpdateIdentityRequest, call: Call): Promise<UpdateIdentityResponse> {
    return this.#core.directory.update(request, actorOf(call));
  }

  deleteIdentity(request: DeleteIdentityRequest, call: Call): Promise<DeleteIdentityResponse> {
    return this.#core.directory.delete(request, actorOf(call));
  }

  setPassword(request: SetPasswordRequest, call: Call): Promise<SetPasswordResponse> {
    return this.#core.directory.setPassword(request, actorOf(call));
  }
}
