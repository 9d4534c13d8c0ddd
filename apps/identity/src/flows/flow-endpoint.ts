import type {
  GetFlowRequest,
  GetFlowResponse,
  RedeemCompletionRequest,
  RedeemCompletionResponse,
  StartFlowRequest,
  StartFlowResponse,
  SubmitFlowRequest,
  SubmitFlowResponse,
} from '@authority/contracts/identity';
import type { Parameter } from '@authority/contracts/rpc';
import { StatusError } from '@authority/errors';
import { fieldInvalid } from '@authority/listing';
import { log } from '@authority/telemetry';
import type { Accounts } from '../accounts/ports.ts';
import type { IdentitySettings } from '../settings.ts';
import type { Completions, FlowState, Flows, Kind, StoredFlow } from './state.ts';
import type { Step } from './step.ts';
import { kindOf, viewOf } from './view.ts';

export interface FlowPorts {
  readonly flows: Flows;
  readonly completions: Completions;
  readonly accounts: Pick<Accounts, 'findForCompletion'>;
  /** A new kind of flow is its file and a line here. */
  readonly steps: Readonly<Record<Kind, Step>>;
  readonly settings: IdentitySettings;
  readonly now: () => number;
}

const longestValue = 4096;
const mostValues = 32;

/** Self-service flows from their start to the completion that session redeems. */
export class FlowEndpoint {
  readonly #ports: FlowPorts;

  constructor(ports: FlowPorts) {
    this.#ports = ports;
  }

  async start(request: StartFlowRequest): Promise<StartFlowResponse> {
    const kind = kindOf(request.kind);
    if (!kind) throw fieldInvalid('kind', 'must be LOGIN or REGISTRATION');
    assertBrowser(request.browser);
    const hint = request.login_hint.slice(0, 254);
    const state: FlowState = {
      kind,
      browser: request.browser,
      expiresAt: this.#ports.now() + this.#ports.settings.get('flow.lifetime') * 1000,
      values: hint.isWellFormed() && !/\p{Cc}/u.test(hint) && hint !== '' ? { email: hint } : {},
      messages: {},
      retryAt: 0,
    };
    return { flow: viewOf(await this.#ports.flows.start(state)) };
  }

  async get(request: GetFlowRequest): Promise<GetFlowResponse> {
    return { flow: viewOf(await this.#find(request.flow, request.browser)) };
  }

  async submit(request: SubmitFlowRequest): Promise<SubmitFlowResponse> {
    const flow = await this.#find(request.flow, request.browser);
    const values = readValues(request.values);
    const { browser, kind } = flow.state;
    const address = request.evidence?.peer_address ?? '';
    const outcome = await this.#ports.steps[kind]({ values, browser, address, now: this.#ports.now() });
    if (!outcome.done) return this.#ask(flow, values, outcome.messages, outcome.retryAt ?? 0);

    // Finished before the completion is made: a flow that is submitted twice signs in once.
    if (!(await this.#ports.flows.finish(flow))) throw new StatusError('NOT_FOUND', 'flow_unknown');
    const completion = await this.#ports.completions.put(outcome.completion);
    log.info(`${kind}.done`, { sub: outcome.completion.sub });
    return { outcome: { $case: 'completion', value: completion } };
  }

  /** The facts of a sign-in, once, for the browser that it was made in. */
  async redeem(request: RedeemCompletionRequest): Promise<RedeemCompletionResponse> {
    const completion = await this.#ports.completions.take(request.completion);
    // One answer to whatever could be probed: a completion of another browser is gone, like an unknown one.
    if (!completion || completion.browser !== request.browser) throw new StatusError('NOT_FOUND', 'completion_unknown');
    const account = await this.#ports.accounts.findForCompletion(completion.sub);
    if (!account || account.disabled) throw new StatusError('PERMISSION_DENIED', 'identity_disabled');
    // The password was changed between the sign-in and now.
    if (account.security !== completion.security) throw new StatusError('NOT_FOUND', 'completion_unknown');
    const { sub, amr, acr, authTime } = completion;
    return { sub, amr: [...amr], acr, auth_time_ms: authTime };
  }

  async #find(handle: string, browser: string): Promise<StoredFlow> {
    const flow = await this.#ports.flows.find(handle);
    if (!flow || flow.state.expiresAt <= this.#ports.now()) throw new StatusError('NOT_FOUND', 'flow_unknown');
    if (flow.state.browser !== browser) throw new StatusError('PERMISSION_DENIED', 'flow_of_other_browser');
    return flow;
  }

  async #ask(
    flow: StoredFlow,
    values: Readonly<Record<string, string>>,
    messages: FlowState['messages'],
    retryAt: number,
  ): Promise<SubmitFlowResponse> {
    const { password: _, ...kept } = values;
    const state: FlowState = { ...flow.state, values: kept, messages, retryAt };
    await this.#ports.flows.change(flow, state);
    return { outcome: { $case: 'flow', value: viewOf({ ...flow, state }) } };
  }
}

/** SHA-256 in base64url: 43 characters. A flow that is bound to nothing could be finished by anybody. */
function assertBrowser(browser: string): void {
  if (!/^[\w-]{43}$/.test(browser)) throw fieldInvalid('browser', 'must be the SHA-256 of the browser cookie, in base64url');
}

/** The fields that were submitted; only those that the flows know are kept. */
function readValues(parameters: readonly Parameter[]): Record<string, string> {
  if (parameters.length > mostValues) throw fieldInvalid('values', `must be at most ${mostValues}`);
  const values: Record<string, string> = {};
  for (const { name, value } of parameters) {
    if (name !== 'email' && name !== 'name' && name !== 'password') continue;
    if (name in values) throw new StatusError('INVALID_ARGUMENT', 'parameter_repeated', { message: `${name} is there twice` });
    if (value.length > longestValue) throw fieldInvalid(name, `must have at most ${longestValue} characters`);
    values[name] = value;
  }
  return values;
}
