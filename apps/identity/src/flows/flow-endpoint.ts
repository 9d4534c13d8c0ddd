import type {
  AttestRequest,
  AttestResponse,
  Flow,
  GetFlowRequest,
  GetFlowResponse,
  RedeemCompletionRequest,
  RedeemCompletionResponse,
  StartFlowRequest,
  StartFlowResponse,
  SubmitFlowRequest,
  SubmitFlowResponse,
} from '@authority/contracts/identity';
import { StatusError } from '@authority/errors';
import { fieldInvalid } from '@authority/listing';
import { log } from '@authority/telemetry';
import type { Accounts, Known } from '../accounts/ports.ts';
import type { IdentitySettings } from '../settings.ts';
import { askedBy } from './asked-by.ts';
import { acrOf, amrOf, type Factor, leastAcr, multiFactorAcr, passwordAcr, reaches } from './assurance.ts';
import type { Method, Result, Submission, View } from './method.ts';
import { type Offer, type Standing, standingOf } from './stages.ts';
import type { Attestation, Attestations, Completion, Completions, FlowState, Flows, StoredFlow } from './state.ts';
import { assertBrowser, kept, plainHint, readValues } from './submitted.ts';
import { kindOf, viewOf } from './view.ts';

export interface FlowPorts {
  readonly flows: Flows;
  readonly completions: Completions;
  readonly attestations: Attestations;
  readonly accounts: Pick<Accounts, 'findForFlow' | 'signedIn'>;
  /** In the order in which their forms are shown. A new method is its file and a line in identity.ts. */
  readonly methods: readonly Method[];
  readonly settings: IdentitySettings;
  readonly now: () => number;
}

type Submitted = Pick<SubmitFlowResponse, 'outcome'>;

/** Self-service flows from their start to the completion that session redeems. */
export class FlowEndpoint {
  readonly #ports: FlowPorts;

  constructor(ports: FlowPorts) {
    this.#ports = ports;
  }

  async start(request: StartFlowRequest): Promise<StartFlowResponse> {
    const kind = kindOf(request.kind);
    if (!kind) throw fieldInvalid('kind', 'must be LOGIN, REGISTRATION, RECOVERY, VERIFICATION or SETTINGS');
    assertBrowser(request.browser);
    if (request.interaction.length > 512) throw fieldInvalid('interaction', 'must have at most 512 characters');
    const attested = await this.#attested(request.attestation, request.browser);
    if (kind === 'settings' && !attested) throw new StatusError('UNAUTHENTICATED', 'session_inactive');
    const fresh: FlowState = {
      kind,
      browser: request.browser,
      expiresAt: this.#ports.now() + this.#ports.settings.get('flow.lifetime') * 1000,
      hint: plainHint(request.login_hint),
      locale: plainHint(request.locale).slice(0, 35),
      interaction: request.interaction,
      acrValues: request.acr_values.slice(0, 10),
      ...(request.reauthenticate ? { isAgain: true } : {}),
      factors: [],
      memory: request.link === '' ? {} : { link: { secret: request.link.slice(0, 512) } },
    };
    const state = attested ? await this.#goOnFrom(fresh, attested) : fresh;
    return { flow: await this.#view(await this.#ports.flows.start(state)) };
  }

  async get(request: GetFlowRequest): Promise<GetFlowResponse> {
    return { flow: await this.#view(await this.#find(request)) };
  }

  async submit(request: SubmitFlowRequest): Promise<SubmitFlowResponse> {
    const flow = await this.#find(request);
    return { ...(await this.#submit(flow, request)), interaction: flow.state.interaction };
  }

  async #submit(flow: StoredFlow, request: SubmitFlowRequest): Promise<Submitted> {
    const { method: name, values } = readValues(request.values);
    await this.#known(flow.state);
    const standing = await this.#standing(flow.state, name);
    const offer = offered(standing, name);
    const { kind } = flow.state;
    const asksFresh = kind === 'settings' && offer.method.settings?.isHarmless?.(values) !== true;
    if (asksFresh && !this.#isFresh(flow.state.attested)) {
      return { outcome: { $case: 'flow', value: await this.#view(flow, true) } };
    }
    const submission: Submission = {
      ...this.#viewOf(flow.state)(offer.method),
      values,
      address: request.evidence?.peer_address ?? '',
      userAgent: (request.evidence?.user_agent ?? '').slice(0, 512),
      handle: flow.handle,
    };
    const result = await offer.part.submit(submission);
    return this.#goOn(flow, offer, submission, result);
  }

  /** Notes session's word; only session may call it. */
  async attest({ sub, sid, browser, amr, acr, auth_time_ms }: AttestRequest): Promise<AttestResponse> {
    assertBrowser(browser);
    return { attestation: await this.#ports.attestations.put({ sub, sid, browser, amr, acr, authTime: auth_time_ms }) };
  }

  /** The facts of a sign-in, once, for the browser that it was made in. */
  async redeem(request: RedeemCompletionRequest): Promise<RedeemCompletionResponse> {
    const completion = await this.#ports.completions.take(request.completion);
    // One answer to whatever could be probed: a completion of another browser is gone, like an unknown one.
    if (!completion || completion.browser !== request.browser) throw new StatusError('NOT_FOUND', 'completion_unknown');
    const account = await this.#ports.accounts.findForFlow(completion.sub);
    if (!account || account.disabled) throw new StatusError('PERMISSION_DENIED', 'identity_disabled');
    // A credential was changed between the sign-in and now.
    if (account.security !== completion.security) throw new StatusError('NOT_FOUND', 'completion_unknown');
    const { sub, amr, acr, authTime } = completion;
    return { sub, amr: [...amr], acr, auth_time_ms: authTime };
  }

  /** What became of a submission; the one place where a factor counts and a flow goes on. */
  async #goOn(flow: StoredFlow, { method }: Offer, submission: Submission, result: Result): Promise<Submitted> {
    const { state } = flow;
    const memory = result.kind !== 'done' && result.memory !== undefined ? { ...state.memory, [method.name]: result.memory } : state.memory;
    const messages = 'messages' in result ? (result.messages ?? {}) : {};
    const shown = { method: method.name, values: kept(submission.values), messages, retryAt: 0 };
    switch (result.kind) {
      case 'ask':
        return this.#ask(flow, { ...state, memory, last: { ...shown, retryAt: result.retryAt ?? 0 } });
      case 'next':
        return this.#ask(flow, { ...state, memory, last: shown });
      case 'redirect':
        await this.#change(flow, { ...state, memory });
        return { outcome: { $case: 'redirect', value: result.url } };
      case 'done':
        return this.#ask(flow, { ...state, isDone: true, last: shown });
      case 'changed':
        if (result.renewed) return this.#renew(flow, result.renewed, submission);
        return this.#ask(flow, { ...state, memory, last: { ...shown, values: {} } });
      case 'proved': {
        const { person, factor } = result;
        // A second factor of somebody else's would mix two people.
        if (state.person !== undefined && state.person.sub !== person.sub) throw new StatusError('INTERNAL', 'internal');
        const factors: Factor[] = [...state.factors, { method: method.name, ...factor }];
        return this.#proceed(flow, withoutLast({ ...state, memory, person, factors }), submission);
      }
    }
  }

  async #proceed(flow: StoredFlow, state: FlowState, submission: Submission): Promise<Submitted> {
    const { stage } = await this.#standing(state);
    if (stage !== 'finished' || state.person === undefined) return this.#ask(flow, state);
    for (const method of this.#ports.methods) {
      if (state.memory[method.name] !== undefined) await method.finish?.(this.#viewOf(state)(method), state.person);
    }
    const { sub, security } = state.person;
    const authTime = Math.max(...state.factors.map(({ at }) => at));
    const facts = { sub, security, amr: amrOf(state.factors), acr: acrOf(state.factors), authTime, browser: state.browser };
    return this.#complete(flow, facts, submission);
  }

  /** A change that ended all sessions: this browser's goes on with what it had proved, from now on. */
  #renew(flow: StoredFlow, { security, at }: { security: number; at: number }, submission: Submission): Promise<Submitted> {
    const { attested, browser } = flow.state;
    if (attested === undefined) throw new StatusError('INTERNAL', 'internal');
    // A password was proved now, and nothing else: a class that the session had reached by more is to be proved again.
    const proved = { amr: ['pwd'], acr: passwordAcr };
    return this.#complete(flow, { sub: attested.sub, security, ...proved, authTime: at, browser }, submission);
  }

  async #complete(flow: StoredFlow, facts: Completion, submission: Submission): Promise<Submitted> {
    // Finished before the completion is made: a flow that is submitted twice signs in once.
    if (!(await this.#ports.flows.finish(flow))) throw new StatusError('NOT_FOUND', 'flow_unknown');
    await this.#ports.accounts.signedIn(facts.sub, facts.browser, askedBy(submission, facts));
    const completion = await this.#ports.completions.put(facts);
    log.info(`${flow.state.kind}.done`, { sub: facts.sub, acr: facts.acr, amr: facts.amr });
    return { outcome: { $case: 'completion', value: completion } };
  }

  async #ask(flow: StoredFlow, state: FlowState): Promise<Submitted> {
    const changed = await this.#change(flow, state);
    return { outcome: { $case: 'flow', value: await this.#view(changed) } };
  }

  /** Whoever comes second with the same page finds a flow that has moved on: nothing of what they sent is kept. */
  async #change(flow: StoredFlow, state: FlowState): Promise<StoredFlow> {
    if (!(await this.#ports.flows.change(flow, state))) throw new StatusError('NOT_FOUND', 'flow_unknown');
    return { ...flow, state };
  }

  async #find({ flow: handle, browser, attestation }: { flow: string; browser: string; attestation: string }): Promise<StoredFlow> {
    const flow = await this.#ports.flows.find(handle);
    if (!flow || flow.state.expiresAt <= this.#ports.now()) throw new StatusError('NOT_FOUND', 'flow_unknown');
    if (flow.state.browser !== browser) throw new StatusError('PERMISSION_DENIED', 'flow_of_other_browser');
    if (flow.state.kind !== 'settings') return flow;
    // A settings flow lives as long as its session: session's word is asked each time.
    const attested = await this.#attested(attestation, browser);
    if (!attested) throw new StatusError('UNAUTHENTICATED', 'session_inactive');
    if (attested.sub !== flow.state.attested?.sub) throw new StatusError('NOT_FOUND', 'flow_unknown');
    return { ...flow, state: { ...flow.state, attested } };
  }

  async #attested(handle: string, browser: string): Promise<Attestation | undefined> {
    if (handle === '') return undefined;
    const attested = await this.#ports.attestations.take(handle);
    return attested?.browser === browser ? attested : undefined;
  }

  /** A settings flow is about who is signed in. A login flow that is asked for more than the session has goes on from it, if
   *  that sign-in is not long ago. */
  async #goOnFrom(state: FlowState, attested: Attestation): Promise<FlowState> {
    const account = await this.#ports.accounts.findForFlow(attested.sub);
    if (!account || account.disabled) {
      if (state.kind === 'settings') throw new StatusError('UNAUTHENTICATED', 'session_inactive');
      return state;
    }
    const person = { sub: attested.sub, security: account.security };
    if (state.kind === 'settings' || state.kind === 'verification') return { ...state, person, attested };
    const wanted = leastAcr(state.acrValues);
    const goesOn = state.kind === 'login' && wanted !== undefined && !reaches(attested.acr, wanted) && this.#isFresh(attested);
    if (!goesOn) return state;
    const { amr, authTime: at, acr } = attested;
    const isMultiFactor = reaches(acr, multiFactorAcr);
    const onwards = {
      ...state,
      person,
      attested,
      factors: [{ method: 'session', amr: amr.filter((one) => one !== 'mfa'), at, isMultiFactor }],
    };
    // Nothing more can be proved: then it is a sign-in like any other.
    return (await this.#standing(onwards)).stage === 'finished' ? state : onwards;
  }

  #isFresh(attested: Attestation | undefined): boolean {
    const age = attested === undefined ? Number.POSITIVE_INFINITY : this.#ports.now() - attested.authTime;
    return age <= this.#ports.settings.get('flow.fresh_for') * 1000;
  }

  #standing(state: FlowState, only?: string): Promise<Standing> {
    const rules = { requiresSecondFactor: this.#ports.settings.get('login.second_factor') === 'required' };
    return standingOf(state, this.#ports.methods, rules, this.#viewOf(state), only);
  }

  readonly #viewOf =
    (flow: FlowState) =>
    (method: Method): View => {
      const last = flow.last?.method === method.name ? flow.last : undefined;
      const memory = flow.memory[method.name] ?? {};
      const { values = {}, messages = {} } = last ?? {};
      return { flow, memory, person: flow.person, values, messages, now: this.#ports.now() };
    };

  /** The person that the flow knows. Disabled since, or with another credential: the flow has nothing to go on from. */
  async #known({ kind, person }: FlowState): Promise<Known | undefined> {
    if (person === undefined) return undefined;
    const account = await this.#ports.accounts.findForFlow(person.sub);
    const isStale = kind !== 'settings' && account?.security !== person.security;
    if (!account || account.disabled || isStale) throw new StatusError('NOT_FOUND', 'flow_unknown');
    return account;
  }

  async #view(flow: StoredFlow, reauthenticate = false): Promise<Flow> {
    const account = await this.#known(flow.state);
    return viewOf(flow, await this.#standing(flow.state), { signedInAs: account?.name ?? '', reauthenticate });
  }
}

const withoutLast = ({ last: _, ...state }: FlowState): FlowState => state;

/** What is not offered is not taken; a form that names no method is the password's, or the only one. */
function offered({ offers }: Standing, name: string | undefined): Offer {
  const found = offers.find(({ method }) => method.name === (name ?? 'password')) ?? (name === undefined ? offers[0] : undefined);
  if (found === undefined) throw new StatusError('FAILED_PRECONDITION', 'method_not_offered');
  return found;
}
