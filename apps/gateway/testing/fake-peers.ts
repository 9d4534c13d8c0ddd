import { Flow, FlowKind, SubmitFlowResponse } from '@authority/contracts/identity';
import {
  AuthorizeResponse,
  type AuthorizeRequest,
  type DecideDeviceRequest,
  DecideDeviceResponse,
  Decision,
  DeviceVerificationState,
  EndSessionResponse,
  ExchangeResponse,
  Interaction,
  InteractionKind,
  ListApplicationsResponse,
} from '@authority/contracts/token';
import { OAuthError, StatusError } from '@authority/errors';
import type { Peers } from '../src/peers/peers.ts';

/** What the peers were asked, by RPC, in order. */
export type Asked = { rpc: string; request: unknown; options?: unknown }[];

export interface FakeState {
  asked: Asked;
  /** RPCs that fail, with what they throw. */
  failing: Map<string, unknown>;
  /** Interactions by handle. */
  interactions: Map<string, Interaction>;
  /** Handles of live sessions. */
  sessions: Set<string>;
  flows: Map<string, Flow>;
  /** What Authorize answers to a new request; the default is a login interaction. */
  authorize: (request: AuthorizeRequest) => AuthorizeResponse;
  endSession: EndSessionResponse;
  /** The request of the device has been shown. */
  deviceShown: boolean;
  /** The metadata, a JSON object. */
  metadata: string;
  /** What Exchange answers instead of its default. */
  exchange: (() => ExchangeResponse) | undefined;
}

export const password = 'correct horse battery staple';

export const respond = (redirect_uri = 'https://client.example/callback', response_mode = 'query', state = 'xyz'): AuthorizeResponse =>
  AuthorizeResponse.fromPartial({
    next: {
      $case: 'respond',
      value: {
        redirect_uri,
        response_mode,
        parameters: [
          { name: 'code', value: 'a code' },
          { name: 'state', value: state },
          { name: 'iss', value: 'http://localhost:8080' },
        ],
      },
    },
  });

export const interaction = (kind: InteractionKind, details: object = {}, handle = 'i1'): Interaction =>
  Interaction.fromPartial({
    handle,
    kind,
    details: { client: { client_id: 'c1', client_name: 'Harbour Notes' }, ...details },
  });

const asAnswer = (value: Interaction): AuthorizeResponse => AuthorizeResponse.fromPartial({ next: { $case: 'interaction', value } });

export const consentDetails = {
  scopes: [{ name: 'openid' }, { name: 'profile' }, { name: 'email' }, { name: 'offline_access' }],
  redirect_origin: 'https://notes.example',
  signed_in_as: 'ada@example.com',
};

/** One state, the peers over it: no mock, a small world that behaves like the real one where the edge looks. */
export function fakePeers(): { peers: Peers; state: FakeState } {
  const state: FakeState = {
    asked: [],
    failing: new Map(),
    interactions: new Map([['i1', interaction(InteractionKind.LOGIN)]]),
    sessions: new Set(),
    flows: new Map(),
    authorize: () => asAnswer(interaction(InteractionKind.LOGIN)),
    endSession: EndSessionResponse.fromPartial({}),
    deviceShown: false,
    metadata: '{"issuer":"http://localhost:8080"}',
    exchange: undefined,
  };
  const calls = { ...tokenCalls(state), ...frontCalls(state), ...sessionCalls(state), ...applicationCalls(state), ...flowCalls(state) };
  const recorded = Object.fromEntries(
    Object.entries(calls).map(([rpc, call]) => [
      rpc,
      async (request: never, options?: unknown) => {
        state.asked.push(options === undefined ? { rpc, request } : { rpc, request, options });
        if (state.failing.has(rpc)) throw state.failing.get(rpc);
        return call(request);
      },
    ]),
  );
  // One record of all RPCs serves for every peer: their names differ.
  const all = recorded as unknown as Peers['token'] &
    Peers['authorization'] &
    Peers['registration'] &
    Peers['session'] &
    Peers['flow'] &
    Peers['applications'];
  return { peers: { token: all, authorization: all, registration: all, session: all, flow: all, applications: all }, state };
}

function tokenCalls(state: FakeState) {
  return {
    exchange: () =>
      state.exchange?.() ?? ExchangeResponse.fromPartial({ access_token: 'at', token_type: 'Bearer', expires_in: 300, scope: 'a' }),
    introspect: ({ jwt }: { jwt: boolean }) =>
      jwt ? { body: 'a.b.c', content_type: 'application/token-introspection+jwt' } : { body: '{"active":true}', content_type: '' },
    revoke: () => ({}),
    userInfo: () => ({ body: '{"sub":"s"}', content_type: 'application/json' }),
    authorizeDevice: () => ({
      ...{ device_code: 'dc', user_code: 'WDJB-MJHT', verification_uri: 'http://localhost:8080/device' },
      ...{ verification_uri_complete: 'http://localhost:8080/device?user_code=WDJB-MJHT', expires_in: 600, interval: 5 },
    }),
    getRevocationList: () => ({ body: 'a.signed.list', etag: 'r1' }),
    getMetadata: () => ({ body: state.metadata, etag: String(state.metadata.length) }),
    getJwks: () => ({ body: '{"keys":[]}', etag: 'k1' }),
    allowOrigin: ({ origin }: { origin: string }) => ({ allowed: origin === 'https://app.example' }),
    register: ({ body }: { body: string }) => ({ body }),
    readRegistration: ({ client_id }: { client_id: string }) => ({ body: JSON.stringify({ client_id }) }),
    updateRegistration: ({ body }: { body: string }) => ({ body }),
    deleteRegistration: () => ({}),
  };
}

function frontCalls(state: FakeState) {
  return {
    authorize(request: AuthorizeRequest): AuthorizeResponse {
      if (request.cross_site) return AuthorizeResponse.fromPartial({ next: { $case: 'resume', value: 'r1' } });
      if (request.interaction === '' || request.interaction === 'r1') return state.authorize(request);
      if (!state.interactions.has(request.interaction)) throw new OAuthError('invalid_request', 'interaction_unknown');
      if (request.interaction === 'dv_1') {
        const kind = state.sessions.has(request.session) ? InteractionKind.DEVICE : InteractionKind.LOGIN;
        return asAnswer(Interaction.fromPartial({ handle: 'dv_1', kind }));
      }
      if (request.decision === Decision.DENY) return respond();
      if (request.decision === Decision.ALLOW || request.decision === Decision.CONTINUE) return respond();
      return state.sessions.has(request.session) ? asAnswer(consent(state)) : asAnswer(interaction(InteractionKind.LOGIN));
    },
    pushAuthorizationRequest: () => ({ request_uri: 'urn:ietf:params:oauth:request_uri:r1', expires_in: 60, dpop_nonce: '' }),
    getInteraction({ interaction: handle }: { interaction: string }) {
      const found = state.interactions.get(handle);
      if (!found) throw new OAuthError('invalid_request', 'interaction_unknown');
      return { interaction: found };
    },
    decideDevice: (request: DecideDeviceRequest) => decideDevice(state, request),
    endSession: ({ session, confirmed }: { session: string; confirmed: boolean }) => ({
      ...state.endSession,
      confirm: state.endSession.confirm && !confirmed,
      signed_in: state.sessions.has(session),
    }),
  };
}

/** One device waits, under WDJB-MJHT; a verification has the handle dv_1. */
function decideDevice(state: FakeState, { interaction: handle, session, user_code, decision }: DecideDeviceRequest): DecideDeviceResponse {
  const made = Interaction.fromPartial({ handle: 'dv_1', kind: InteractionKind.LOGIN });
  state.interactions.set('dv_1', made);
  if (!state.sessions.has(session)) return DecideDeviceResponse.fromPartial({ next: { $case: 'interaction', value: made } });
  const { ALLOWED, CONFIRM, DENIED, ENTER, UNKNOWN } = DeviceVerificationState;
  const decided = decision === Decision.ALLOW ? ALLOWED : decision === Decision.DENY ? DENIED : undefined;
  const typed = user_code === '' ? (state.deviceShown ? CONFIRM : ENTER) : user_code === 'WDJB-MJHT' ? CONFIRM : UNKNOWN;
  const page = decided ?? (handle === '' ? ENTER : typed);
  state.deviceShown ||= page === CONFIRM;
  const value = { ...deviceRequest, interaction: 'dv_1', state: page, user_code: page === CONFIRM ? 'WDJB-MJHT' : user_code };
  return DecideDeviceResponse.fromPartial({ next: { $case: 'verification', value } });
}

const deviceRequest = {
  client: { client_id: 'tv', client_name: 'Harbour TV' },
  scopes: [{ name: 'openid' }, { name: 'profile' }, { name: 'offline_access' }],
  signed_in_as: 'ada@example.com',
  origin: {
    ...{ peer_address: '203.0.113.24', same_address: true, requested_at_ms: Date.now() - 130_000 },
    user_agent: 'HarbourTV/4.2 (Linux; Living Room 55)',
  },
};

function consent(state: FakeState): Interaction {
  const made = interaction(InteractionKind.CONSENT, consentDetails);
  state.interactions.set(made.handle, made);
  return made;
}

function sessionCalls(state: FakeState) {
  return {
    begin({ completion }: { completion: string }) {
      if (completion !== 'done') throw new StatusError('NOT_FOUND', 'completion_unknown');
      const session = `s-${state.sessions.size + 1}`;
      state.sessions.add(session);
      return { session, expires_at_ms: Date.now() + 3_600_000 };
    },
    attest({ session }: { session: string }) {
      return { attestation: state.sessions.has(session) ? 'attested' : '' };
    },
    listOwn({ session }: { session: string }) {
      const now = Date.now();
      const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
      const phone =
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
      const one = {
        sid: 's_1',
        is_current: true,
        user_agent: firefox,
        peer_address: '203.0.113.7',
        create_time_ms: now - 3_600_000,
        use_time_ms: now,
      };
      const other = {
        sid: 's_2',
        is_current: false,
        user_agent: phone,
        peer_address: '198.51.100.24',
        create_time_ms: now - 864_000_000,
        use_time_ms: now - 7_200_000,
      };
      return { signed_in: state.sessions.has(session), sessions: [one, other] };
    },
    endOwn: ({ session, sid }: { session: string; sid: string }) => ({
      signed_in: state.sessions.has(session),
      ended: sid === '' || sid === 's_2' ? 1 : 0,
      propagating: false,
    }),
    end({ session }: { session: string }) {
      return { sid: state.sessions.delete(session) ? 'sid' : '', propagating: false };
    },
  };
}

const offlineApplication = {
  client: { client_id: 'c1', client_name: 'Harbour Notes' },
  scopes: [{ name: 'openid' }, { name: 'email' }, { name: 'notes.write', description: 'Write your notes' }],
  ...{ resources: [], create_time_ms: Date.now() - 864_000_000, grants: 2, is_offline: true },
};

function applicationCalls(state: FakeState) {
  return {
    listApplications({ session }: { session: string }) {
      const remembered = {
        ...offlineApplication,
        client: { client_id: 'c2', client_name: 'Tide Table' },
        scopes: [],
        grants: 0,
        is_offline: false,
      };
      return ListApplicationsResponse.fromPartial({
        signed_in: state.sessions.has(session),
        applications: [offlineApplication, remembered],
      });
    },
    revokeApplication: ({ session }: { session: string }) => ({ signed_in: state.sessions.has(session) }),
  };
}

function flowCalls(state: FakeState) {
  return {
    startFlow({ kind, login_hint }: { kind: FlowKind; login_hint: string }) {
      const flow = makeFlow(kind, login_hint, `f${state.flows.size + 1}`);
      state.flows.set(flow.handle, flow);
      return { flow };
    },
    getFlow: ({ flow }: { flow: string }) => ({ flow: state.flows.get(flow) }),
    submitFlow({ flow: handle, values }: { flow: string; values: { name: string; value: string }[] }): SubmitFlowResponse {
      const flow = state.flows.get(handle);
      if (!flow) throw new StatusError('NOT_FOUND', 'flow_unknown');
      const given = Object.fromEntries(values.map(({ name, value }) => [name, value]));
      if (given.password === password) return SubmitFlowResponse.fromPartial({ outcome: { $case: 'completion', value: 'done' } });
      return SubmitFlowResponse.fromPartial({ outcome: { $case: 'flow', value: refused(flow, given.email ?? '', given.password ?? '') } });
    },
  };
}

type Field = Partial<Flow['forms'][number]['fields'][number]>;

const stages: Partial<Record<FlowKind, string>> = {
  [FlowKind.LOGIN]: 'first',
  [FlowKind.REGISTRATION]: 'registration',
  [FlowKind.SETTINGS]: 'settings',
};

function makeFlow(kind: FlowKind, email: string, handle: string): Flow {
  const isNew = kind === FlowKind.REGISTRATION;
  const isAccount = kind === FlowKind.SETTINGS;
  const expires_at_ms = Date.now() + 3_600_000;
  const who: Field[] = [
    { name: 'email', type: 'email', autocomplete: isNew ? 'email' : 'username', required: true, value: email },
    ...(isNew ? [{ name: 'name', type: 'text', autocomplete: 'name', required: false }] : []),
    { name: 'password', type: 'password', autocomplete: isNew ? 'new-password' : 'current-password', required: true },
  ];
  const change: Field[] = [
    { name: 'current_password', type: 'password', autocomplete: 'current-password', required: true },
    { name: 'new_password', type: 'password', autocomplete: 'new-password', required: true },
    { name: 'end_sessions', type: 'checkbox', autocomplete: 'off' },
  ];
  const forms = [{ method: 'password', fields: isAccount ? change : who }];
  return Flow.fromPartial({
    handle,
    kind,
    expires_at_ms,
    stage: stages[kind] ?? '',
    signed_in_as: isAccount ? 'ada@example.com' : '',
    forms,
  });
}

function refused(flow: Flow, email: string, given: string): Flow {
  const error = (id: string, parameters = {}) => ({ id, severity: 'error', parameters });
  const isNew = flow.kind === FlowKind.REGISTRATION;
  const fields = (flow.forms[0]?.fields ?? []).map((field) => ({
    ...field,
    value: field.name === 'email' ? email : field.value,
    messages: isNew && field.name === 'password' ? [error('password_too_short', { min: '8' })] : [],
  }));
  const messages = given === 'throttled' ? [error('throttled')] : isNew ? [] : [error('credentials_wrong')];
  return Flow.fromPartial({
    ...flow,
    retry_at_ms: given === 'throttled' ? Date.now() + 90_000 : 0,
    forms: [{ method: 'password', fields, messages }],
  });
}
