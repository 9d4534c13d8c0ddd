import { OAuthError, type OAuthErrorCode } from '@authority/errors';
import { type CollectedParameters, collect, malformedParameter, repeatedParameter } from '../primitives/parameters.ts';
import type { DeliveredRequest } from '../model/authorization.ts';
import type { Parameters } from '../model/request.ts';
import { acrReached, acrValues } from './checks/acr-values.ts';
import { claimedSubject, claims } from './checks/claims.ts';
import { readClient } from './checks/client.ts';
import { codeChallenge } from './checks/code-challenge.ts';
import { consented } from './checks/consent.ts';
import { dpopJkt } from './checks/dpop-jkt.ts';
import { hintedSubject, idTokenHint } from './checks/id-token-hint.ts';
import { signedIn } from './checks/login.ts';
import { maxAge, youngEnough } from './checks/max-age.ts';
import { nonce } from './checks/nonce.ts';
import { pageHints } from './checks/page-hints.ts';
import { profile } from './checks/profile.ts';
import { prompt, promptCreate, promptLogin, promptSelectAccount } from './checks/prompt.ts';
import { readDestination } from './checks/redirect-uri.ts';
import { requestObject } from './checks/request-object.ts';
import { resource } from './checks/resource.ts';
import { answerMode, responseMode } from './checks/response-mode.ts';
import { responseType } from './checks/response-type.ts';
import { scope } from './checks/scope.ts';
import { readDelivery } from './delivery.ts';
import type { Asked, AuthorizationRequest, AuthorizePorts, RequestCheck } from './request.ts';
import { type AnswerTo, RedirectedError, redirecting } from './response.ts';
import type { Need, PersonCheck, Situation } from './situation.ts';

/** Checks of a request whose error the client is told, in this order. The two before them are in readRequest. */
export const requestChecks: readonly RequestCheck[] = [
  responseMode,
  responseType,
  requestObject,
  profile,
  codeChallenge,
  dpopJkt,
  scope,
  resource,
  prompt,
  maxAge,
  nonce,
  idTokenHint,
  claims,
  acrValues,
  pageHints,
];

/** What the person must do, in this order. A sign-in comes before everything that depends on who it is. */
export const personChecks: readonly PersonCheck[] = [
  promptCreate,
  promptLogin,
  signedIn,
  promptSelectAccount,
  youngEnough,
  hintedSubject,
  claimedSubject,
  acrReached,
  consented,
];

/**
 * Reads a request. Until client and redirect URI are known to belong together an error is thrown as it is and shown to
 * the person: never redirected (RFC 6749 §4.1.2.1, RFC 9700 §4.11). After that it is a RedirectedError.
 */
export function readRequest({ parameters, delivery }: DeliveredRequest, ports: AuthorizePorts): AuthorizationRequest {
  const collected = collect(parameters);
  const asked: Asked = { parameters: collected.map, delivery, ports };
  const { destination, answerTo } = readAnswerTo(parameters, collected, asked);
  return redirecting(answerTo, () => {
    if (collected.repeated !== undefined) throw repeatedParameter();
    if (collected.malformed !== undefined) throw malformedParameter();
    let found: Partial<AuthorizationRequest> = { ...answerTo };
    for (const { check } of requestChecks) found = { ...found, ...check(asked, destination, found) };
    // Each key is written by its check in the table above; a test goes through all of them.
    return found as AuthorizationRequest;
  });
}

function readAnswerTo(parameters: Parameters, { map, malformed }: CollectedParameters, asked: Asked) {
  // Which of two redirect URIs is meant can't be known, so neither is answered.
  for (const decisive of ['client_id', 'redirect_uri']) {
    if (parameters.filter(({ name }) => name === decisive).length > 1) throw repeatedParameter();
  }
  const destination = readDestination(asked, readClient(asked));
  const states = parameters.filter(({ name }) => name === 'state');
  const state = states.length === 1 && malformed !== 'state' && states[0]?.value ? { state: states[0].value } : undefined;
  const answerTo: AnswerTo = { ...destination, ...state, response_mode: answerMode(map, destination.redirect_uri) };
  return { destination, answerTo };
}

/**
 * As readDelivery. What is wrong with an object is told to the client only where the parameters beside it name a redirect
 * URI that is registered; else to the person.
 */
export async function deliver(parameters: Parameters, ports: AuthorizePorts, now: number): Promise<DeliveredRequest> {
  try {
    return await readDelivery(parameters, ports, now);
  } catch (error) {
    const collected = collect(parameters);
    if (!(error instanceof OAuthError) || !collected.map.has('redirect_uri')) throw error;
    const asked: Asked = { parameters: collected.map, delivery: { pushed: false, signed: false }, ports };
    throw new RedirectedError(readAnswerTo(parameters, collected, asked).answerTo, error);
  }
}

/**
 * The first thing that the person must do; undefined when the request can be answered. With prompt=none it is an error
 * instead (OpenID Connect Core §3.1.2.6).
 */
export function firstNeed(request: AuthorizationRequest, situation: Situation, ports: AuthorizePorts): Need | undefined {
  return redirecting(request, () => {
    for (const check of personChecks) {
      const need = check.need(request, situation, ports);
      if (!need) continue;
      if (request.prompts.has('none')) throw errorOf(need);
      return need;
    }
    return undefined;
  });
}

const errors: Record<Need['kind'], Extract<OAuthErrorCode, 'login_required' | 'consent_required' | 'account_selection_required'>> = {
  login: 'login_required',
  registration: 'login_required',
  select_account: 'account_selection_required',
  consent: 'consent_required',
};

function errorOf({ kind }: Need): OAuthError {
  return new OAuthError(errors[kind], errors[kind]);
}
