import {
  type CreateTrustedIssuerRequest,
  type CreateTrustedIssuerResponse,
  type DeleteTrustedIssuerRequest,
  type DeleteTrustedIssuerResponse,
  type GetTrustedIssuerRequest,
  type GetTrustedIssuerResponse,
  type ListTrustedIssuersRequest,
  type ListTrustedIssuersResponse,
  TrustedIssuerServiceService,
  type UpdateTrustedIssuerRequest,
  type UpdateTrustedIssuerResponse,
} from '@authority/contracts/admin';
import { type Call, GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { actorOf } from '../admin/actor.ts';
import { TOKEN_CORE, type TokenCore } from '../core.ts';

/** Issuers whose assertions are taken as grants (RFC 7523 §2.1); only the admin service may call it. */
@GrpcController(TrustedIssuerServiceService)
export class TrustedIssuerController implements Handlers<typeof TrustedIssuerServiceService> {
  constructor(@Inject(TOKEN_CORE) private readonly core: TokenCore) {}

  listTrustedIssuers(request: ListTrustedIssuersRequest): Promise<ListTrustedIssuersResponse> {
    return this.core.admin.trustedIssuers.list(request);
  }

  async getTrustedIssuer({ trusted_issuer_id }: GetTrustedIssuerRequest): Promise<GetTrustedIssuerResponse> {
    return { trusted_issuer: await this.core.admin.trustedIssuers.get(trusted_issuer_id) };
  }

  async createTrustedIssuer(request: CreateTrustedIssuerRequest, call: Call): Promise<CreateTrustedIssuerResponse> {
    return { trusted_issuer: await this.core.admin.trustedIssuers.create(request, actorOf(call)) };
  }

  async updateTrustedIssuer(request: UpdateTrustedIssuerRequest, call: Call): Promise<UpdateTrustedIssuerResponse> {
    return { trusted_issuer: await this.core.admin.trustedIssuers.update(request, actorOf(call)) };
  }

  async deleteTrustedIssuer(request: DeleteTrustedIssuerRequest, call: Call): Promise<DeleteTrustedIssuerResponse> {
    await this.core.admin.trustedIssuers.delete(request, actorOf(call));
    return {};
  }
}
