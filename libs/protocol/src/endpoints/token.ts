import { OAuthError } from '@authority/errors';
import { authenticateClient } from '../client-authentication/index.ts';
import type { ClientAuthenticationPorts } from '../client-authentication/method.ts';
import { idTokenRecipient, nest } from '../encryption/nested.ts';
import type { Grant, GrantPorts } from '../grants/grant.ts';
import { findGrant } from '../grants/index.ts';
import type { Lane, TokenEndpoint } from '../model/endpoint.ts';
import type { EndpointRequest, Parameters, TokenResponse } from '../model/request.ts';
import { isDocumentAddress } from '../primitives/document-address.ts';
import { collectStrictly, type ParameterMap, required } from '../primitives/parameters.ts';
import { assertTokenRequestFits, rulesFor } from '../profiles/index.ts';
import { confirm, isSenderConstrained } from '../tokens/confirmation.ts';
import { type DpopPorts, withDpopNonce } from '../tokens/dpop.ts';
import { type IssuePorts, issue } from '../tokens/issue.ts';

export type TokenPorts = ClientAuthenticationPorts & GrantPorts & IssuePorts & DpopPorts;

/** POST /oauth2/token (RFC 6749 §3.2). Async in form; a client credentials request runs through without waiting. */
export function createTokenEndpoint(ports: TokenPorts): TokenEndpoint {
  return {
    lane: (request) => laneOf(request),

    exchange(request, now) {
      const answered = exchange(request, ports, now);
      return request.evidence.dpop === '' ? answered : withDpopNonce(answered, ports, now);
    },
  };
}

async function exchange(request: EndpointRequest, ports: TokenPorts, now: number): Promise<TokenResponse> {
  const parameters = collectStrictly(request.parameters);

  const authenticated = authenticateClient(request, parameters, ports, now);
  const client = authenticated instanceof Promise ? await authenticated : authenticated;

  const grant = findGrant(required(parameters, 'grant_type'));
  if (!grant) throw new OAuthError('unsupported_grant_type', 'grant_type_unknown');
  if (!client.grant_types.includes(grant.type)) throw new OAuthError('unauthorized_client', 'grant_type_not_allowed');

  // Before the grant is looked at: a proof that must be made again uses up no code (RFC 9449 §8).
  const confirmation = isSenderConstrained(request, client) ? await confirm(request, client, ports, now) : undefined;
  assertTokenRequestFits({ client, grantType: grant.type, confirmation }, rulesFor(client, ports.policy));

  // Likewise: nor does an ID Token that nobody could read.
  const recipient = grant.lane === 'store' ? await idTokenRecipient(client, ports) : undefined;

  const authorized = grant.authorize(
    { client, parameters: declared(parameters, grant), evidence: request.evidence, confirmation, now },
    ports,
  );
  const authorization = authorized instanceof Promise ? await authorized : authorized;

  const bound = confirmation ? { ...authorization.confirmation, ...confirmation } : authorization.confirmation;
  const issued = issue(bound ? { ...authorization, confirmation: bound } : authorization, ports, now);
  return recipient && issued.id_token !== '' ? { ...issued, id_token: await nest(issued.id_token, recipient) } : issued;
}

/** Only what the grant type declares, so that no grant can read what another's specification defines. */
function declared(parameters: ParameterMap, grant: Grant): ParameterMap {
  const kept = new Map<string, readonly string[]>();
  for (const name of grant.parameters) {
    const values = parameters.get(name);
    if (values) kept.set(name, values);
  }
  return kept;
}

/** An assertion or a proof is marked in a store, whatever the grant. Anything doubtful goes with the slow ones. */
function laneOf({ parameters, evidence }: EndpointRequest): Lane {
  if (evidence.dpop !== '') return 'store';
  let lane: Lane = 'store';
  for (const { name, value } of parameters) {
    if (name === 'client_assertion' || (name === 'client_id' && isDocumentAddress(value))) return 'store';
    if (name === 'grant_type') lane = laneOfGrant(value, parameters);
  }
  return lane;
}

function laneOfGrant(type: string, parameters: Parameters): Lane {
  const lane = findGrant(type)?.lane ?? 'cpu';
  return typeof lane === 'function' ? lane(parameters) : lane;
}
