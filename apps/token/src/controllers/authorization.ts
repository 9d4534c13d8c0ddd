import {
  AuthorizationServiceService,
  type AuthorizeRequest,
  type AuthorizeResponse,
  type ClientResponse,
  type DecideDeviceRequest,
  type DecideDeviceResponse,
  Decision,
  DeviceVerificationState,
  type EndSessionRequest,
  type EndSessionResponse,
  type GetInteractionRequest,
  type GetInteractionResponse,
  type Interaction,
  InteractionKind,
  type PushAuthorizationRequestRequest,
  type PushAuthorizationRequestResponse,
} from '@authority/contracts/token';
import {
  type AuthorizeOutcome,
  type AuthorizeStep,
  type ClientResponse as CoreClientResponse,
  type DeviceInteraction,
  type DeviceVerificationState as CoreState,
  type Interaction as CoreInteraction,
  isDeviceVerification,
} from '@authority/protocol';
import { GrpcController, type Handlers } from '@authority/rpc';
import { countRefusal, log } from '@authority/telemetry';
import { Inject } from '@nestjs/common';
import { TOKEN_CORE, type TokenCore } from '../core.ts';
import { endpointRequest } from './wire.ts';

@GrpcController(AuthorizationServiceService)
export class AuthorizationController implements Handlers<typeof AuthorizationServiceService> {
  constructor(@Inject(TOKEN_CORE) private readonly core: TokenCore) {}

  /** GET and POST /oauth2/authorize (RFC 6749 §3.1), and every browser step that follows. */
  async authorize(request: AuthorizeRequest): Promise<AuthorizeResponse> {
    const { parameters, interaction, session, browser, cross_site } = request;
    if (isDeviceVerification(interaction)) return { next: { $case: 'interaction', value: await this.devicePage(request) } };
    const decision = decisions[request.decision];
    const step: AuthorizeStep = { parameters, interaction, session, browser, cross_site, ...(decision && { decision }) };
    return { next: nextOf(await this.core.authorize.authorize(step, Date.now())) };
  }

  /** POST /oauth2/par (RFC 9126 §2). */
  pushAuthorizationRequest(request: PushAuthorizationRequestRequest): Promise<PushAuthorizationRequestResponse> {
    return this.core.pushedAuthorization.push(endpointRequest(request), Date.now());
  }

  /** What a page shows of a pending interaction. */
  async getInteraction(request: GetInteractionRequest): Promise<GetInteractionResponse> {
    const { interaction, browser, session } = request;
    if (isDeviceVerification(interaction)) return { interaction: await this.devicePage(request) };
    return { interaction: interactionOf(await this.core.authorize.interaction(interaction, browser, Date.now(), session)) };
  }

  /** GET and POST /oauth2/logout (OpenID Connect RP-Initiated Logout §2). */
  async endSession({ parameters, session, confirmed }: EndSessionRequest): Promise<EndSessionResponse> {
    const judged = await this.core.endSession.endSession({ parameters, session, confirmed }, Date.now());
    return { ...judged, parameters: [...judged.parameters], client: judged.client };
  }

  /** The device pages (RFC 8628 §3.3). */
  async decideDevice(request: DecideDeviceRequest): Promise<DecideDeviceResponse> {
    const { interaction, session, browser, user_code, evidence } = request;
    const asked = decisions[request.decision];
    const decision = asked === 'allow' || asked === 'deny' ? { decision: asked } : undefined;
    const step = { interaction, session, browser, user_code, peer_address: evidence?.peer_address ?? '', ...decision };
    const next = await this.core.deviceVerification.decideDevice(step, Date.now());
    if (next.$case === 'interaction') return { next: { $case: 'interaction', value: deviceInteraction(next.value) } };
    const { client, origin, state } = next.value;
    return { next: { $case: 'verification', value: { ...next.value, client, origin, state: states[state] } } };
  }

  private async devicePage({ interaction, browser, session }: GetInteractionRequest): Promise<Interaction> {
    return deviceInteraction(await this.core.deviceVerification.interaction(interaction, browser, Date.now(), session));
  }
}

const states: Readonly<Record<CoreState, DeviceVerificationState>> = {
  enter: DeviceVerificationState.ENTER,
  unknown: DeviceVerificationState.UNKNOWN,
  confirm: DeviceVerificationState.CONFIRM,
  allowed: DeviceVerificationState.ALLOWED,
  denied: DeviceVerificationState.DENIED,
  expired: DeviceVerificationState.EXPIRED,
  decided_before: DeviceVerificationState.DECIDED_BEFORE,
};

function deviceInteraction({ handle, kind }: DeviceInteraction): Interaction {
  return { handle, kind: kind === 'login' ? InteractionKind.LOGIN : InteractionKind.DEVICE, details: undefined };
}

const decisions: Partial<Record<Decision, NonNullable<AuthorizeStep['decision']>>> = {
  [Decision.ALLOW]: 'allow',
  [Decision.DENY]: 'deny',
  [Decision.CONTINUE]: 'continue',
};

const kinds: Readonly<Record<CoreInteraction['kind'], InteractionKind>> = {
  none: InteractionKind.UNSPECIFIED,
  login: InteractionKind.LOGIN,
  consent: InteractionKind.CONSENT,
  select_account: InteractionKind.SELECT_ACCOUNT,
  registration: InteractionKind.REGISTRATION,
};

function nextOf(outcome: AuthorizeOutcome): AuthorizeResponse['next'] {
  switch (outcome.$case) {
    case 'respond':
      return { $case: 'respond', value: clientResponse(outcome.value) };
    case 'interaction':
      return { $case: 'interaction', value: interactionOf(outcome.value) };
    case 'resume':
      return outcome;
  }
}

function interactionOf({ handle, kind, details }: CoreInteraction): Interaction {
  return { handle, kind: kinds[kind], details };
}

/** An error that goes to the client by a redirect is an answer here, not a thrown refusal: this is its one log line. */
function clientResponse({ redirect_uri, response_mode, parameters, browser_state, reason }: CoreClientResponse): ClientResponse {
  if (reason !== undefined) {
    const error = parameters.find(({ name }) => name === 'error')?.value ?? '';
    log.info('authorize.refused', { error, reason });
    countRefusal(reason);
  }
  return { redirect_uri, response_mode, parameters: [...parameters], browser_state: browser_state ?? '' };
}
