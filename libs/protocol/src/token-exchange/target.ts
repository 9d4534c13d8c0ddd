import { OAuthError } from '@authority/errors';
import { adminResource } from '../endpoints/paths.ts';
import type { GrantPorts } from '../grants/grant.ts';
import type { Client, TokenExchangePolicy } from '../model/client.ts';
import type { ParameterMap } from '../primitives/parameters.ts';
import { assertTogether, readResources } from '../tokens/audience.ts';
import type { GivenToken } from './given-token.ts';

type TargetPorts = Pick<GrantPorts, 'issuer' | 'clients' | 'resources'>;

/**
 * Where the new token may be used (RFC 8693 §2.1): `resource` and `audience`, which names a service by its resource or its
 * client_id. When neither is there, the audience of the token that was given stays.
 */
export function readTarget(
  parameters: ParameterMap,
  client: Client,
  subject: GivenToken,
  policy: TokenExchangePolicy,
  ports: TargetPorts,
): readonly string[] {
  const audiences = (parameters.get('audience') ?? []).map((name) => resourceOf(name, policy, ports));
  // What the policy names is allowed for exchanges, besides what the client may ask for anyway.
  const widened = { ...client, allowedResources: [...client.allowedResources, ...policy.audiences.map((name) => nameOf(name, ports))] };
  const asked = readResources([...(parameters.get('resource') ?? []), ...audiences], widened, ports);
  const resources = asked.length > 0 ? asked : kept(subject, ports);
  for (const resource of resources) assertNotWider(resource, subject, ports.issuer);
  assertTogether(resources, ports);
  return resources;
}

/** Of several only the first: the client's default stands before the issuer. */
function kept({ audience = [] }: GivenToken, ports: TargetPorts): readonly string[] {
  return audience.length > 1 && audience.includes(ports.issuer) ? audience.slice(0, 1) : audience;
}

/** The resource behind a name; the name itself where it is no client that is one. */
function nameOf(name: string, { clients }: TargetPorts): string {
  return clients.find(name)?.resourceIdentifier ?? name;
}

function resourceOf(name: string, policy: TokenExchangePolicy, ports: TargetPorts): string {
  const resource = nameOf(name, ports);
  // One answer to what is unknown and what is not allowed, so that nobody can list clients.
  if (!URL.canParse(resource) && !policy.audiences.includes(name)) throw refused();
  return resource;
}

/** This server's own doors open only to what opened them before: UserInfo. The operators' API is never a target. */
function assertNotWider(resource: string, { audience = [] }: GivenToken, issuer: string): void {
  if (resource === adminResource(issuer)) throw refused();
  if (resource === issuer && !audience.includes(issuer)) throw refused();
}

function refused(): OAuthError {
  return new OAuthError('invalid_target', 'resource_not_allowed', { description: 'the resource is unknown or not allowed to this client' });
}
