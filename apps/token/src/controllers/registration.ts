import {
  type DeleteRegistrationRequest,
  DeleteRegistrationResponse,
  type ReadRegistrationRequest,
  type ReadRegistrationResponse,
  type RegisterRequest,
  type RegisterResponse,
  RegistrationServiceService,
  type UpdateRegistrationRequest,
  type UpdateRegistrationResponse,
} from '@authority/contracts/token';
import { GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { TOKEN_CORE, type TokenCore } from '../core.ts';

@GrpcController(RegistrationServiceService)
export class RegistrationController implements Handlers<typeof RegistrationServiceService> {
  constructor(@Inject(TOKEN_CORE) private readonly core: TokenCore) {}

  /** POST /oauth2/register (RFC 7591 §3.1). */
  async register(request: RegisterRequest): Promise<RegisterResponse> {
    return { body: JSON.stringify(await this.core.registration.register(request, Date.now())) };
  }

  /** GET /oauth2/register/{client_id} (RFC 7592 §2.1). */
  async readRegistration(request: ReadRegistrationRequest): Promise<ReadRegistrationResponse> {
    return { body: JSON.stringify(await this.core.registration.read(request, Date.now())) };
  }

  /** PUT /oauth2/register/{client_id} (RFC 7592 §2.2). */
  async updateRegistration(request: UpdateRegistrationRequest): Promise<UpdateRegistrationResponse> {
    return { body: JSON.stringify(await this.core.registration.update(request, Date.now())) };
  }

  /** DELETE /oauth2/register/{client_id} (RFC 7592 §2.3). */
  async deleteRegistration(request: DeleteRegistrationRequest): Promise<DeleteRegistrationResponse> {
    await this.core.registration.delete(request, Date.now());
    return DeleteRegistrationResponse.create();
  }
}
