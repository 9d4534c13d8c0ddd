import {
  type AttestRequest,
  type AttestResponse,
  type AuthenticateRequest,
  type AuthenticateResponse,
  type GetClaimsRequest,
  type GetClaimsResponse,
  IdentityServiceService,
  type PullFeedRequest,
  type PullFeedResponse,
  type RedeemCompletionRequest,
  type RedeemCompletionResponse,
} from '@authority/contracts/identity';
import { PullFeedRequest as Pull } from '@authority/contracts/rpc';
import { type Call, GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { claimsOf } from '../accounts/claims.ts';
import { IDENTITY_CORE, type IdentityCore } from '../tokens.ts';

@GrpcController(IdentityServiceService)
export class IdentityController implements Handlers<typeof IdentityServiceService> {
  readonly #core: IdentityCore;

  constructor(@Inject(IDENTITY_CORE) core: IdentityCore) {
    this.#core = core;
  }

  /** The facts of a sign-in, for session. */
  redeemCompletion(request: RedeemCompletionRequest): Promise<RedeemCompletionResponse> {
    return this.#core.flows.redeem(request);
  }

  /** session's word on who is signed in, for a flow. */
  attest(request: AttestRequest): Promise<AttestResponse> {
    return this.#core.flows.attest(request);
  }

  /** A name and a password, for the password grant (RFC 6749 §4.3). */
  authenticate(request: AuthenticateRequest): Promise<AuthenticateResponse> {
    return this.#core.authenticate(request);
  }

  /** Claims of UserInfo and ID Tokens (OpenID Connect Core §5.1). */
  async getClaims({ sub, scopes, claims }: GetClaimsRequest): Promise<GetClaimsResponse> {
    const source = await this.#core.claims(sub);
    if (!source) return { active: false, claims: '{}' };
    return { active: true, claims: JSON.stringify(claimsOf(source, scopes, claims)) };
  }

  /** Disabled and deleted identities, changed credentials. */
  async pullFeed({ pull }: PullFeedRequest, call: Call): Promise<PullFeedResponse> {
    return { feed: await this.#core.feed.pull(pull ?? Pull.create(), call.signal) };
  }
}
