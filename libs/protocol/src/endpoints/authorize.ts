import { OAuthError } from '@authority/errors';
import { makeAnswer, prepareAnswer } from '../authorize/answer.ts';
import { consentScopes } from '../authorize/checks/claims.ts';
import { placesOf } from '../authorize/checks/consent.ts';
import { detailsOf, nameOf } from '../authorize/details.ts';
import { deliver, firstNeed, readRequest } from '../authorize/index.ts';
import { asAsked, deliveredOf, openInteraction, pendingOf, storeForBrowser, storeRequest, usePushed } from '../authorize/interaction.ts';
import type { AuthorizationRequest, AuthorizePorts } from '../authorize/request.ts';
import { errorResponse, RedirectedError } from '../authorize/response.ts';
import type { Need, Situation } from '../authorize/situation.ts';
import type { DeliveredRequest, SessionFacts, StoredAuthorizationRequest } from '../model/authorization.ts';
import { withSessionState } from '../logout/session-state.ts';
import type { AuthorizeEndpoint } from '../model/endpoint.ts';
import type { AuthorizeOutcome, AuthorizeStep } from '../model/front-channel.ts';
import type { Parameters } from '../model/request.ts';

/**
 * GET and POST /oauth2/authorize (RFC 6749 §3.1). Every browser step ends by asking this again, so that prompt, max_age,
 * acr and consent are decided in one place.
 */
export function createAuthorizeEndpoint(ports: AuthorizePorts): AuthorizeEndpoint {
  return {
    async authorize(step, now) {
      const pending = step.interaction === '' ? undefined : await openInteraction(step.interaction, step.browser, ports, now);
      let delivered: DeliveredRequest | undefined;
      try {
        await ports.clients.load(pending?.client_id ?? clientOf(step.parameters));
        delivered = pending ? deliveredOf(pending) : await deliver(step.parameters, ports, now);
        return await advance(step, delivered, pending, ports, now);
      } catch (error) {
        if (!(error instanceof RedirectedError)) throw error;
        if (pending) await takeOnce(step.interaction, ports);
        if (delivered) await usePushed(delivered, ports);
        return { $case: 'respond', value: errorResponse(error, ports.issuer) };
      }
    },

    async interaction(handle, browser, now, session = '') {
      const pending = await pendingOf(handle, browser, ports, now);
      await ports.clients.load(pending.client_id);
      const request = readAgain(pending, ports);
      const situation = await situationOf(request, pending, session, ports, now);
      const need = needToShow(request, situation, ports);
      const details = detailsOf(request, situation, need?.reauthenticate ?? false, ports);
      return { handle, kind: need?.kind ?? 'none', details: { ...details, signed_in_as: await nameOf(details.sub, ports) } };
    },
  };
}

/** Whose request it says it is; that it says so once is judged where it is read. */
function clientOf(parameters: Parameters): string {
  return parameters.find(({ name }) => name === 'client_id')?.value ?? '';
}

async function advance(
  step: AuthorizeStep,
  delivered: DeliveredRequest,
  pending: StoredAuthorizationRequest | undefined,
  ports: AuthorizePorts,
  now: number,
): Promise<AuthorizeOutcome> {
  const request = asAsked(readRequest(delivered, ports), delivered);
  if (!pending && step.cross_site) {
    // No cookie came with it, so neither session nor browser is known: the GET that follows has them (house.md, walks).
    return { $case: 'resume', value: await storeRequest(request, delivered, '', ports, now) };
  }

  const situation = await situationOf(request, pending, step.session, ports, now);
  const next = await decide(request, situation, step, ports);
  if (next !== 'answer' && next !== 'consented') {
    const handle = pending ? step.interaction : await storeForBrowser(request, delivered, step.browser, ports, now);
    return { $case: 'interaction', value: { handle, kind: next.kind, details: detailsOf(request, situation, next.reauthenticate, ports) } };
  }

  const session = assertSession(situation);
  const prepared = await prepareAnswer(request, session, ports, now);
  // Taken away first, so that an interaction answers once; an answer that is lost after this is a new start.
  if (pending) await takeOnce(step.interaction, ports);
  await usePushed(delivered, ports);
  if (next === 'consented') {
    // One after the other: what a failure leaves out is asked for again.
    for (const resource of placesOf(request)) {
      await ports.consents.remember(session.sub, request.client.client_id, { scopes: consentScopes(request), resource });
    }
  }
  const answer = await makeAnswer(request, session, prepared, ports, now);
  return { $case: 'respond', value: withSessionState(answer, request, step.session, ports) };
}

/** A stored request for a page that only shows it: what has become wrong with it since is told there, not to the client. */
function readAgain(pending: StoredAuthorizationRequest, ports: AuthorizePorts): AuthorizationRequest {
  try {
    return asAsked(readRequest(deliveredOf(pending), ports), pending);
  } catch (error) {
    throw error instanceof RedirectedError ? error.refusal : error;
  }
}

/** As firstNeed. Where the answer is an error for the client there is no page to show: authorize is to be asked for it. */
function needToShow(request: AuthorizationRequest, situation: Situation, ports: AuthorizePorts): Need | undefined {
  try {
    return firstNeed(request, situation, ports);
  } catch (error) {
    if (error instanceof RedirectedError) return undefined;
    throw error;
  }
}

/** What comes next after the person's decision at this step. A decision only ever answers the page that it belongs to. */
async function decide(
  request: AuthorizationRequest,
  situation: Situation,
  { decision, interaction }: AuthorizeStep,
  ports: AuthorizePorts,
): Promise<Need | 'answer' | 'consented'> {
  const need = firstNeed(request, situation, ports);
  if (!need) return 'answer';
  if (situation.storedAt === undefined || decision === undefined) return need;
  if (decision === 'deny') throw new RedirectedError(request, new OAuthError('access_denied', 'consent_denied'));
  if (decision === 'continue' && need.kind === 'select_account') {
    // Not `allow`: the same form sent twice must not pass for a consent to the page that comes next.
    await ports.authorizationRequests.select(interaction, situation.now);
    return firstNeed(request, { ...situation, selectedAt: situation.now }, ports) ?? 'answer';
  }
  return decision === 'allow' && need.kind === 'consent' ? 'consented' : need;
}

/** personChecks ask for one; this is for the compiler, and for whoever takes that line out. */
function assertSession({ session }: Situation): SessionFacts {
  if (!session) throw new Error('an authorization without a session');
  return session;
}

async function takeOnce(handle: string, { authorizationRequests }: AuthorizePorts): Promise<void> {
  if (!(await authorizationRequests.take(handle))) throw new OAuthError('invalid_request', 'interaction_unknown');
}

async function situationOf(
  request: AuthorizationRequest,
  pending: StoredAuthorizationRequest | undefined,
  handle: string,
  ports: AuthorizePorts,
  now: number,
): Promise<Situation> {
  const found = handle === '' ? undefined : await ports.sessions.resolve(handle);
  const session = found && found.expiresAt > now ? found : undefined;
  const consents = session ? await ports.consents.find(session.sub, request.client.client_id) : [];
  return { session, storedAt: pending?.createdAt, selectedAt: pending?.selectedAt, consents, now };
}
