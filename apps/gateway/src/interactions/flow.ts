import { type Flow, FlowKind, type SubmitFlowResponse } from '@authority/contracts/identity';
import { StatusError } from '@authority/errors';
import { log } from '@authority/telemetry';
import type { Peers } from '../peers/peers.ts';
import { csrfField } from '../http/csrf.ts';
import type { FlowScreen, Outcome } from './outcome.ts';
import { signIn } from './sign-in.ts';
import type { Values } from './step.ts';
import { value } from './step.ts';
import type { Visit } from './visit.ts';

/** Fields that are the gateway's own; all others belong to the flow. */
const own: ReadonlySet<string> = new Set([csrfField, 'interaction', 'flow']);

/** A password may wait for its turn behind others (performance.md: hashing has a bounded queue). */
const submitTimeoutMs = 8_000;

export type FlowName = FlowScreen['name'];

const kinds: Readonly<Record<FlowName, FlowKind>> = { login: FlowKind.LOGIN, registration: FlowKind.REGISTRATION };

export async function startFlow({ flow }: Pick<Peers, 'flow'>, visit: Visit, name: FlowName, loginHint: string): Promise<Flow> {
  const { browser, evidence } = visit;
  const started = await flow.startFlow({ kind: kinds[name], browser, login_hint: loginHint, evidence });
  return present(started.flow);
}

/** Submits a step of a flow. A completion becomes a session; anything else is the page again, with what was wrong. */
export async function submitFlow(
  peers: Pick<Peers, 'flow' | 'session' | 'authorization'>,
  visit: Visit,
  values: Values,
  again: (flow: Flow, notice?: 'flow_expired') => Promise<FlowScreen>,
  name: FlowName,
): Promise<Outcome> {
  const submitted = await submit(peers, visit, values);
  if (submitted === undefined) {
    // The page stood open for longer than the flow lived. What was typed stays, the password apart.
    const fresh = await startFlow(peers, visit, name, value(values, 'email'));
    return { kind: 'show', screen: await again(fresh, 'flow_expired'), status: 400 };
  }
  if (submitted.outcome?.$case === 'completion') {
    return signIn(peers, visit, submitted.outcome.value, value(values, 'interaction'));
  }
  const flow = present(submitted.outcome?.value);
  log.info('flow.refused', { flow: name, messages: messageIds(flow) });
  const screen = await again(flow);
  if (flow.retry_at_ms > 0) return { kind: 'show', screen, status: 429, retryAtMs: flow.retry_at_ms };
  return { kind: 'show', screen, status: 400 };
}

/** The one line of a submission that was not accepted; what identity knows of the reason, it logs itself. */
const messageIds = ({ messages, fields }: Flow): string[] => [
  ...messages.map(({ id }) => id),
  ...fields.flatMap((field) => field.messages.map(({ id }) => `${field.name}.${id}`)),
];

async function submit({ flow }: Pick<Peers, 'flow'>, visit: Visit, values: Values): Promise<SubmitFlowResponse | undefined> {
  const { browser, evidence } = visit;
  const fields = [...values].filter(([name]) => !own.has(name)).map(([name, one]) => ({ name, value: one }));
  try {
    const request = { flow: value(values, 'flow'), browser, values: fields, evidence };
    return await flow.submitFlow(request, { timeoutMs: submitTimeoutMs });
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'flow_unknown') return undefined;
    throw error;
  }
}

function present(flow: Flow | undefined): Flow {
  if (flow === undefined) throw new Error('identity answered with no flow');
  return flow;
}
