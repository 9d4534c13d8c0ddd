import { OAuthError, type Reason } from '@authority/errors';
import { adminResource } from '../endpoints/paths.ts';
import type { Authorization } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import { isOpenTo } from '../model/resource.ts';
import type { ProtocolPorts } from '../ports.ts';

type AudiencePorts = Pick<ProtocolPorts, 'clients' | 'resources' | 'issuer'>;

/** More than anybody needs; each is compared with lists. */
const mostResources = 16;

/**
 * The resources that a request names (RFC 8707 §2), each once: known here and allowed to the client. The issuer itself is
 * always one, for its UserInfo.
 */
export function readResources(asked: readonly string[] | undefined, client: Client, ports: AudiencePorts): readonly string[] {
  if (asked === undefined) return [];
  const distinct = [...new Set(asked)];
  if (distinct.length > mostResources) throw invalidTarget('parameter_invalid', 'too many resources');
  for (const resource of distinct) assertAllowed(resource, client, ports);
  return distinct;
}

function assertAllowed(resource: string, client: Client, { clients, resources, issuer }: AudiencePorts): void {
  if (!URL.canParse(resource) || resource.includes('#'))
    throw invalidTarget('parameter_invalid', 'a resource is an absolute URI without fragment');
  if (resource === issuer) return;
  // One text for all of these, so that nobody can list resources.
  const refused = 'the resource is unknown or not allowed to this client';
  if (resource === adminResource(issuer)) {
    if (client.operator) return;
    throw invalidTarget('resource_not_allowed', refused);
  }
  const described = resources.find(resource);
  const isKnown = described !== undefined || clients.isResource(resource);
  if (!isKnown) throw invalidTarget('resource_unknown', refused);
  const isNamed = client.allowedResources.includes(resource) || client.defaultResource === resource;
  if (isNamed || (described && isOpenTo(described, client.client_id))) return;
  throw invalidTarget('resource_not_allowed', refused);
}

/**
 * One resource for each access token, unless all of them are shared (RFC 8707 §3: a token for several "can be used by any
 * of them at any of the others").
 */
export function assertTogether(resources: readonly string[], ports: Pick<ProtocolPorts, 'resources' | 'issuer'>): void {
  if (areTogether(resources, ports)) return;
  throw invalidTarget('resource_not_shared', 'only one resource can be asked for in one access token');
}

function areTogether(resources: readonly string[], ports: Pick<ProtocolPorts, 'resources' | 'issuer'>): boolean {
  return resources.length < 2 || resources.every((one) => one === ports.issuer || ports.resources.find(one)?.shared === true);
}

/**
 * The resources of a token under a grant (RFC 8707 §2.2): those of the grant that are asked for; the issuer where the grant
 * is an OpenID one, for UserInfo. When none is asked for: all of the grant's where they are shared, else the first; none,
 * for the client's default, where the grant names none.
 */
export function narrowResources(
  asked: readonly string[],
  grant: { resources: readonly string[]; scopes: readonly string[] },
  client: Client,
  ports: Pick<ProtocolPorts, 'resources' | 'issuer'>,
): readonly string[] {
  if (asked.length === 0) return areTogether(grant.resources, ports) ? grant.resources : grant.resources.slice(0, 1);
  for (const resource of asked) {
    if (!isWithin(resource, grant, client, ports.issuer)) {
      throw invalidTarget('resource_exceeds_grant', 'the resource exceeds what was granted');
    }
  }
  assertTogether(asked, ports);
  return asked;
}

function isWithin(
  resource: string,
  grant: { resources: readonly string[]; scopes: readonly string[] },
  client: Client,
  issuer: string,
): boolean {
  if (grant.resources.includes(resource)) return true;
  const names = grant.resources.length > 0;
  if (resource === issuer) return grant.scopes.includes('openid') || (!names && defaultOf(client, issuer) === issuer);
  return !names && resource === client.defaultResource;
}

/**
 * `aud` of an access token (RFC 9068 §3): the resources asked for alone; else the client's default with the issuer beside
 * it when `openid` is granted, so that the token serves UserInfo as well; else the issuer.
 */
export function audienceOf(authorization: Authorization, issuer: string): string | string[] {
  const [only, ...others] = authorization.resources;
  if (only !== undefined) return others.length === 0 ? only : [only, ...others];
  const resource = defaultOf(authorization.client, issuer);
  return resource !== issuer && authorization.scopes.includes('openid') ? [resource, issuer] : resource;
}

function defaultOf(client: Client, issuer: string): string {
  const resource = client.defaultResource ?? issuer;
  return resource === adminResource(issuer) && !client.operator ? issuer : resource;
}

function invalidTarget(reason: Reason, description: string): OAuthError {
  return new OAuthError('invalid_target', reason, { description });
}
