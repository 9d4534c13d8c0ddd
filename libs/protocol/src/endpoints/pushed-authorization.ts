import { OAuthError } from '@authority/errors';
import { consentScopes } from '../authorize/checks/claims.ts';
import { readRequest } from '../authorize/index.ts';
import { keptParameters } from '../authorize/kept-parameters.ts';
import { pushedPrefix } from '../authorize/delivery.ts';
import type { AuthorizationRequest, AuthorizePorts } from '../authorize/request.ts';
import { readRequestObject } from '../authorize/request-object.ts';
import { RedirectedError } from '../authorize/response.ts';
import { authenticateClient } from '../client-authentication/index.ts';
import type { ClientAuthenticationPorts } from '../client-authentication/method.ts';
import type { DeliveredRequest } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { PushedAuthorizationEndpoint } from '../model/endpoint.ts';
import type { EndpointRequest, Parameters, PushedAuthorizationResponse } from '../model/request.ts';
import { collectStrictly, find, type ParameterMap } from '../primitives/parameters.ts';
import { assertProof, type DpopPorts, invalidProof, withDpopNonce } from '../tokens/dpop.ts';

export type PushedAuthorizationPorts = ClientAuthenticationPorts & AuthorizePorts & DpopPorts;

/** POST /oauth2/par (RFC 9126 §2): the client authenticates, and the request is judged before any browser has seen it. */
export function createPushedAuthorizationEndpoint(ports: PushedAuthorizationPorts): PushedAuthorizationEndpoint {
  return {
    push(request, now) {
      const answered = push(request, ports, now);
      return request.evidence.dpop === '' ? answered : withDpopNonce(answered, ports, now);
    },
  };
}

async function push(request: EndpointRequest, ports: PushedAuthorizationPorts, now: number): Promise<PushedAuthorizationResponse> {
  const parameters = collectStrictly(request.parameters);
  const authenticated = authenticateClient(request, parameters, ports, now);
  const client = authenticated instanceof Promise ? await authenticated : authenticated;

  const pushed = await readPushedForm(request.parameters, parameters, client, ports, now);
  const delivered = request.evidence.dpop === '' ? pushed : bindTo(await assertProof(request.evidence, ports, now), pushed);
  // With those that its claims stand for: what was asked when it was pushed is what may be shown (asAsked).
  const scopes = consentScopes(judge(delivered, ports));

  const lifetime = ports.policy.pushedRequestLifetime();
  const { parameters: asked, delivery } = delivered;
  const stored = {
    version: 1,
    client_id: client.client_id,
    parameters: keptParameters(asked),
    scopes,
    delivery,
    expiresAt: now + lifetime * 1000,
  } as const;
  const reference = await ports.pushedRequests.store(stored, ports.policy.interactionLifetime());
  return { request_uri: pushedPrefix + reference, expires_in: lifetime, dpop_nonce: '' };
}

/** A proof at this endpoint binds the code to its key, as `dpop_jkt` would (RFC 9449 §10.1). */
function bindTo(jkt: string, delivered: DeliveredRequest): DeliveredRequest {
  const named = delivered.parameters.filter(({ name }) => name === 'dpop_jkt');
  if (named.some(({ value }) => value !== jkt)) throw invalidProof('dpop_proof_of_other_key');
  return named.length > 0 ? delivered : { ...delivered, parameters: [...delivered.parameters, { name: 'dpop_jkt', value: jkt }] };
}

/** How the client authenticates is no part of its request, and is not kept. */
const credentials: ReadonlySet<string> = new Set(['client_secret', 'client_assertion', 'client_assertion_type']);

/** The parameters of the form (RFC 9126 §2.1), or those inside the request object that it holds (§3). */
async function readPushedForm(
  form: Parameters,
  map: ParameterMap,
  client: Client,
  ports: AuthorizePorts,
  now: number,
): Promise<DeliveredRequest> {
  // Before a request object is looked at: one must not lead to another (RFC 9126 §2.1).
  if (form.some(({ name }) => name === 'request_uri')) {
    throw new OAuthError('invalid_request', 'request_uri_pushed', { description: 'request_uri must not be pushed' });
  }
  const object = find(map, 'request');
  if (object !== undefined) {
    return { parameters: await readRequestObject(object, client, ports, now), delivery: { pushed: true, signed: true } };
  }
  const asked = form.filter(({ name }) => !credentials.has(name));
  const named = map.has('client_id') ? asked : [...asked, { name: 'client_id', value: client.client_id }];
  return { parameters: named, delivery: { pushed: true, signed: false } };
}

/** All checks of the authorization endpoint; whatever they refuse, the client that asks is told directly (RFC 9126 §2.3). */
function judge(delivered: DeliveredRequest, ports: AuthorizePorts): AuthorizationRequest {
  try {
    return readRequest(delivered, ports);
  } catch (error) {
    const refusal = error instanceof RedirectedError ? error.refusal : error;
    if (!(refusal instanceof OAuthError) || refusal.error !== 'invalid_redirect_uri') throw refusal;
    // A code of RFC 7591, for registrations; here it is a request like others that can't be served.
    throw new OAuthError('invalid_request', refusal.reason, {
      description: 'redirect_uri is not registered for this client',
      cause: refusal,
    });
  }
}
