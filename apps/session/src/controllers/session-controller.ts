import { PullFeedRequest as Pull } from '@authority/contracts/rpc';
import {
  type AttestRequest,
  type AttestResponse,
  type BeginRequest,
  type BeginResponse,
  type EndOwnRequest,
  type EndOwnResponse,
  type EndRequest,
  type EndResponse,
  type ListOwnRequest,
  type ListOwnResponse,
  type PullFeedRequest,
  type PullFeedResponse,
  type ResolveRequest,
  type ResolveResponse,
  SessionServiceService,
} from '@authority/contracts/session';
import { type Call, GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { SESSION_CORE, type SessionCore } from '../tokens.ts';

@GrpcController(SessionServiceService)
export class SessionController implements Handlers<typeof SessionServiceService> {
  readonly #core: SessionCore;

  constructor(@Inject(SESSION_CORE) core: SessionCore) {
    this.#core = core;
  }

  /** A sign-in ended in a completion. */
  begin(request: BeginRequest): Promise<BeginResponse> {
    return this.#core.endpoint.begin(request);
  }

  /** The facts of a session, for the token service. */
  resolve(request: ResolveRequest): Promise<ResolveResponse> {
    return this.#core.endpoint.resolve(request);
  }

  /** The person goes on to a flow of identity's. */
  attest(request: AttestRequest): Promise<AttestResponse> {
    return this.#core.endpoint.attest(request);
  }

  /** The person looks where they are signed in. */
  listOwn(request: ListOwnRequest): Promise<ListOwnResponse> {
    return this.#core.own.list(request);
  }

  /** … and ends what is not theirs any more. */
  endOwn(request: EndOwnRequest): Promise<EndOwnResponse> {
    return this.#core.own.end(request);
  }

  /** The person signs out. */
  end(request: EndRequest): Promise<EndResponse> {
    return this.#core.endpoint.end(request);
  }

  /** Ended sessions. */
  async pullFeed({ pull }: PullFeedRequest, call: Call): Promise<PullFeedResponse> {
    return { feed: await this.#core.feed.pull(pull ?? Pull.create(), call.signal) };
  }
}
