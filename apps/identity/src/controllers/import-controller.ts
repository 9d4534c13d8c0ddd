import { type ImportIdentitiesRequest, type ImportIdentitiesResponse, ImportServiceService } from '@authority/contracts/admin';
import { type Call, GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { IDENTITY_CORE, type IdentityCore } from '../tokens.ts';

/** Imports of operators; forwarded by admin. */
@GrpcController(ImportServiceService)
export class ImportController implements Handlers<typeof ImportServiceService> {
  readonly #core: IdentityCore;

  constructor(@Inject(IDENTITY_CORE) core: IdentityCore) {
    this.#core = core;
  }

  async importIdentities(request: ImportIdentitiesRequest, call: Call): Promise<ImportIdentitiesResponse> {
    return { results: await this.#core.imports.import(request, call.operator ? `operator:${call.operator}` : 'system') };
  }
}
