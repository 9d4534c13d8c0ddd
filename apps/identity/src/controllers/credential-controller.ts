import {
  CredentialServiceService,
  type DeleteCredentialRequest,
  type DeleteCredentialResponse,
  type ListCredentialsRequest,
  type ListCredentialsResponse,
} from '@authority/contracts/admin';
import { type Call, GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { IDENTITY_CORE, type IdentityCore } from '../tokens.ts';

/** Credentials for operators; forwarded by admin. */
@GrpcController(CredentialServiceService)
export class CredentialController implements Handlers<typeof CredentialServiceService> {
  readonly #core: IdentityCore;

  constructor(@Inject(IDENTITY_CORE) core: IdentityCore) {
    this.#core = core;
  }

  listCredentials(request: ListCredentialsRequest): Promise<ListCredentialsResponse> {
    return this.#core.credentials.list(request);
  }

  deleteCredential(request: DeleteCredentialRequest, call: Call): Promise<DeleteCredentialResponse> {
    return this.#core.credentials.delete(request, call.operator ? `operator:${call.operator}` : 'system');
  }
}
