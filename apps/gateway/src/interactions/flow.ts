import { type Flow, FlowKind, type SubmitFlowResponse } from '@authority/contracts/identity';
import type { Interaction } from '@authority/contracts/token';
import { StatusError } from '@authority/errors';
import { log } from '@authority/telemetry';
import { csrfField } from '../http/csrf.ts';
import { chooseLanguage } from '../pages/choose-language.ts';
import type { Peers } from '../peers/peers.ts';
import type { FlowNotice, FlowScreen, Outcome } from './outcome.ts';
import { signIn } from './sign-in.ts';
import { value, type Values, withQuery } from './step.ts';
import type { Visit } from './visit.ts';

/** Fields that are the gateway's own; all others belong to the flow. */
const own: ReadonlySet<string> = new Set([csrfField, 'interaction', 'flow']);

/** A password may wait for its turn behind others (performance.md: hashing has a bounded queue). */
const submitTimeoutMs = 8_000;

export type FlowName = FlowScreen['name'];
export type FlowPeers = Pick<Peers, 'flow' | 'session' | 'authorization'>;

const kinds: Readonly<Record<FlowName, FlowKind>> = {
  login: FlowKind.LOGIN,
  registration: FlowKind.REGISTRATION,
  recovery: FlowKind.RECOVERY,
  verification: FlowKind.VERIFICATION,
  settings: FlowKind.SETTINGS,
};

/** Where a flow is shown. */
export const flowPaths: Readonly<Record<FlowName, string>> = {
  login: '/login',
  registration: '/registration',
  recovery: '/recovery',
  verification: '/verification',
  settings: '/account',
};

interface Start {
  readonly interaction?: Interaction | undefined;
  readonly hint?: string;
  /** The secret of a link in a mail. */
  readonly link?: string;
}

/** Begins a flow of identity's. Undefined: it needs somebody who is signed in, and nobody is. */
export async function startFlow(peers: FlowPeers, visit: Visit, name: FlowName, start: Start): Promise<Flow | undefined> {
  const { browser, evidence, request } = visit;
  const { interaction, hint = interaction?.details?.login_hint ?? '', link = '' } = start;
  const { acr_values = [], reauthenticate: isAgain = false } = interaction?.details ?? {};
  const isForPerson = name === 'settings' || name === 'verification' || (name === 'login' && acr_values.length > 0 && !isAgain);
  const attestation = isForPerson ? await attest(peers, visit) : '';
  if (name === 'settings' && attestation === '') return undefined;
  const locale = chooseLanguage(interaction?.details?.ui_locales ?? [], request.headers['accept-language']);
  const asked = {
    kind: kinds[name],
    browser,
    login_hint: hint,
    evidence,
    attestation,
    acr_values,
    locale,
    link,
    reauthenticate: isAgain || visit.session !== '',
  };
  return present((await peers.flow.startFlow({ ...asked, interaction: interaction?.handle ?? '' })).flow);
}

/** The flow again; undefined when it has expired, or nobody is signed in any more whom it needs. */
export async function findFlow(peers: FlowPeers, visit: Visit, name: FlowName, handle: string): Promise<Flow | undefined> {
  const attestation = name === 'settings' ? await attest(peers, visit) : '';
  return unlessGone(async () => present((await peers.flow.getFlow({ flow: handle, browser: visit.browser, attestation })).flow));
}

/** Submits a step of a flow. A completion becomes a session; anything else is the page again, with what was wrong. */
export async function submitFlow(
  peers: FlowPeers,
  visit: Visit,
  values: Values,
  name: FlowName,
  screen: (flow: Flow, notice?: FlowNotice) => Promise<FlowScreen>,
): Promise<Outcome | undefined> {
  const submitted = await submit(peers, visit, values, name);
  const { outcome } = submitted ?? {};
  if (outcome === undefined) return undefined;
  const interaction = value(values, 'interaction');
  if (outcome.$case === 'completion') return signIn(peers, visit, outcome.value, interaction);
  if (outcome.$case === 'redirect') return { kind: 'leave', uri: outcome.value, parameters: [] };

  const flow = present(outcome.value);
  const errors = messageIds(flow);
  if (flow.reauthenticate) return { kind: 'show', screen: await screen(flow, 'reauthenticate'), status: 400 };
  if (errors.length === 0) {
    const at = withQuery(flowPaths[name], { flow: flow.handle, interaction });
    return { kind: 'show', screen: await screen(flow), status: 200, at };
  }
  log.info('flow.refused', { flow: name, messages: errors });
  const shown = { kind: 'show', screen: await screen(flow) } as const;
  return flow.retry_at_ms > 0 ? { ...shown, status: 429, retryAtMs: flow.retry_at_ms } : { ...shown, status: 400 };
}

/** session's word on who is signed in here, as a handle; empty for nobody. */
export async function attest({ session }: Pick<Peers, 'session'>, visit: Visit): Promise<string> {
  if (visit.session === '') return '';
  return (await session.attest({ session: visit.session, browser: visit.browser })).attestation;
}

/** The one line of a submission that was not accepted; what identity knows of the reason, it logs itself. */
function messageIds({ messages, forms }: Flow): string[] {
  const isError = ({ severity }: { severity: string }) => severity === 'error';
  const ofForms = forms.flatMap((form) => [
    ...form.messages.filter(isError).map(({ id }) => id),
    ...form.fields.flatMap((field) => field.messages.filter(isError).map(({ id }) => `${field.name}.${id}`)),
  ]);
  return [...messages.filter(isError).map(({ id }) => id), ...ofForms];
}

async function submit(peers: FlowPeers, visit: Visit, values: Values, name: FlowName): Promise<SubmitFlowResponse | undefined> {
  const { browser, evidence } = visit;
  const attestation = name === 'settings' ? await attest(peers, visit) : '';
  const fields = [...values].filter(([field]) => !own.has(field)).map(([field, one]) => ({ name: field, value: one }));
  const request = { flow: value(values, 'flow'), browser, values: fields, evidence, attestation };
  return unlessGone(() => peers.flow.submitFlow(request, { timeoutMs: submitTimeoutMs }));
}

async function unlessGone<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof StatusError && (error.reason === 'flow_unknown' || error.reason === 'session_inactive')) return undefined;
    throw error;
  }
}

function present(flow: Flow | undefined): Flow {
  if (flow === undefined) throw new Error('identity answered with no flow');
  return flow;
}
