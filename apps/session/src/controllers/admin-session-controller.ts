import {
  type DeleteSessionRequest,
  type DeleteSessionResponse,
  type GetSessionRequest,
  type GetSessionResponse,
  type ListSessionsRequest,
  type ListSessionsResponse,
  SessionServiceService,
} from '@authority/contracts/admin';
import { type Call, GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { SESSION_CORE, type SessionCore } from '../tokens.ts';

const actorOf = (call: Call): string => (call.operator ? `operator:${call.operator}` : 'system');

/** Sessions for operators; forwarded by admin. */
@GrpcController(SessionServiceService)
export class AdminSessionController implements Handlers<typeof SessionServiceService> {
  readonly #core: SessionCore;

  constructor(@Inject(SESSION_CORE) core: SessionCore) {
    this.#core = core;
  }

  listSessions(request: ListSessionsRequest): Promise<ListSessionsResponse> {
    return this.#core.directory.list(request);
  }

  async getSession({ sid }: GetSessionRequest): Promise<GetSessionResponse> {
    return { session: await this.#core.directory.get(sid) };
  }

  deleteSession({ sid }: DeleteSessionRequest, call: Call): Promise<DeleteSessionResponse> {
    return this.#core.directory.delete(sid, actorOf(call));
  }
}
