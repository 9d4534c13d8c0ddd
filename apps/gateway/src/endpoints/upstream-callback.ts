import { FlowKind } from '@authority/contracts/identity';
import { OAuthError } from '@authority/errors';
import { formOf } from '../http/body.ts';
import { parseParameters, queryOf } from '../http/parameters.ts';
import { attest, type FlowName, flowPaths, type FlowPeers } from '../interactions/flow.ts';
import type { Outcome } from '../interactions/outcome.ts';
import { signIn } from '../interactions/sign-in.ts';
import { withQuery } from '../interactions/step.ts';
import type { Visit } from '../interactions/visit.ts';

export const upstreamCallbackPath = '/upstream/:provider/callback';

/** What a provider's answer may hold (RFC 6749 §4.1.2, RFC 9207 §2; `user` is Apple's). Nothing else goes on. */
const known = ['code', 'state', 'error', 'iss', 'user'];
const longestAnswer = 6_000;
const submitTimeoutMs = 12_000;

const names: Partial<Record<FlowKind, FlowName>> = {
  [FlowKind.LOGIN]: 'login',
  [FlowKind.REGISTRATION]: 'registration',
  [FlowKind.SETTINGS]: 'settings',
};

/** Where a provider sends people back. `state` is the flow's handle; only the browser that began the flow can go on with it. */
export const upstreamCallback =
  (peers: FlowPeers) =>
  async (visit: Visit): Promise<Outcome> => {
    const provider = providerOf(visit.request.params);
    const isPost = visit.request.method === 'POST';
    const sent = isPost ? formOf(visit.request) : parseParameters(queryOf(visit.request.raw.url));
    const answer = new URLSearchParams(sent.filter(({ name }) => known.includes(name)).map(({ name, value }) => [name, value]));
    const text = answer.toString();
    if (text.length > longestAnswer) throw invalid('The answer of the provider is too long.');
    // A POST from the provider's site brings none of our cookies (SameSite=Lax); the GET that follows does.
    if (isPost) return { kind: 'go', path: `/upstream/${provider}/callback?${text}` };

    const { browser, evidence } = visit;
    const values = Object.entries({ method: 'upstream', provider, answer: text }).map(([name, value]) => ({ name, value }));
    const request = { flow: answer.get('state') ?? '', browser, values, evidence, attestation: await attest(peers, visit) };
    const { outcome, interaction } = await peers.flow.submitFlow(request, { timeoutMs: submitTimeoutMs });
    if (outcome?.$case === 'completion') return signIn(peers, visit, outcome.value, interaction);
    if (outcome?.$case !== 'flow') throw new Error('identity answered an upstream answer with neither a flow nor a completion');
    const { handle, kind } = outcome.value;
    return { kind: 'go', path: withQuery(flowPaths[names[kind] ?? 'login'], { flow: handle, interaction }) };
  };

function providerOf(params: unknown): string {
  const { provider } = { ...(params as Record<string, unknown>) }; // the route has it; Fastify does not type it
  if (typeof provider === 'string' && /^[a-z][a-z0-9_-]{0,39}$/.test(provider)) return provider;
  throw invalid('There is no such provider.');
}

const invalid = (description: string): OAuthError => new OAuthError('invalid_request', 'parameter_invalid', { description });
