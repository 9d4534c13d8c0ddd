import { OAuthError } from '@authority/errors';
import { authenticateClient } from '../client-authentication/index.ts';
import type { ClientAuthenticationPorts } from '../client-authentication/method.ts';
import type { Grant, GrantPorts } from '../grants/grant.ts';
import { findGrant } from '../grants/index.ts';
import type { Lane, TokenEndpoint } from '../model/endpoint.ts';
import type { Parameters } from '../model/request.ts';
import { collectStrictly, type ParameterMap, required } from '../primitives/parameters.ts';
import { type IssuePorts, issue } from '../tokens/issue.ts';

/** POST /oauth2/token (RFC 6749 §3.2). Async in form; a client credentials request runs through without waiting. */
export function createTokenEndpoint(ports: ClientAuthenticationPorts & GrantPorts & IssuePorts): TokenEndpoint {
  return {
    lane: (request) => laneOf(request.parameters),

    async exchange(request, now) {
      const parameters = collectStrictly(request.parameters);

      const authenticated = authenticateClient(request, parameters, ports, now);
      const client = authenticated instanceof Promise ? await authenticated : authenticated;

      const grant = findGrant(required(parameters, 'grant_type'));
      if (!grant) throw new OAuthError('unsupported_grant_type', 'grant_type_unknown');
      if (!client.grant_types.includes(grant.type)) throw new OAuthError('unauthorized_client', 'grant_type_not_allowed');

      const authorized = grant.authorize({ client, parameters: declared(parameters, grant), evidence: request.evidence, now }, ports);
      const authorization = authorized instanceof Promise ? await authorized : authorized;

      return issue(authorization, ports, now);
    },
  };
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

/** An assertion is marked in a store, whatever the grant. Anything doubtful goes with the slow ones. */
function laneOf(parameters: Parameters): Lane {
  let lane: Lane = 'store';
  for (const { name, value } of parameters) {
    if (name === 'client_assertion') return 'store';
    if (name === 'grant_type') lane = findGrant(value)?.lane ?? 'cpu';
  }
  return lane;
}
