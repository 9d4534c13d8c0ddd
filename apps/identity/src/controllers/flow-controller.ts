import {
  FlowServiceService,
  type GetFlowRequest,
  type GetFlowResponse,
  type StartFlowRequest,
  type StartFlowResponse,
  type SubmitFlowRequest,
  type SubmitFlowResponse,
} from '@authority/contracts/identity';
import { GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { IDENTITY_CORE, type IdentityCore } from '../tokens.ts';

@GrpcController(FlowServiceService)
export class FlowController implements Handlers<typeof FlowServiceService> {
  readonly #core: IdentityCore;

  constructor(@Inject(IDENTITY_CORE) core: IdentityCore) {
    this.#core = core;
  }

  /** A person wants to sign in or to register. */
  startFlow(request: StartFlowRequest): Promise<StartFlowResponse> {
    return this.#core.flows.start(request);
  }

  /** The page is shown again. */
  getFlow(request: GetFlowRequest): Promise<GetFlowResponse> {
    return this.#core.flows.get(request);
  }

  /** The form was sent. */
  submitFlow(request: SubmitFlowRequest): Promise<SubmitFlowResponse> {
    return this.#core.flows.submit(request);
  }
}
