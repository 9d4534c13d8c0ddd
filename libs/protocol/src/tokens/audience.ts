import { OAuthError, type Reason } from '@authority/errors';
import { adminResource } from '../endpoints/paths.ts';
import type { Authorization } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { ProtocolPorts } from '../ports.ts';

/**
 * The one resource that a request names (RFC 8707 §2): registered here and allowed to the client. The issuer itself is
 * always one, for its UserInfo.
 */
export function readResource(
  asked: readonly string[] | undefined,
  client: Client,
  { clients, issuer }: Pick<ProtocolPorts, 'clients' | 'issuer'>,
): string | undefined {
  const resource = asked?.[0];
  if (asked === undefined || resource === undefined) return undefined;
  if (asked.some((other) => other !== resource)) throw invalidTarget('resource_repeated', 'only one resource can be asked for');
  if (!URL.canParse(resource) || resource.includes('#'))
    throw invalidTarget('parameter_invalid', 'a resource is an absolute URI without fragment');
  if (resource === issuer) return resource;
  if (resource === adminResource(issuer)) {
    if (client.operator) return resource;
    throw invalidTarget('resource_not_allowed', 'the resource is unknown or not allowed to this client');
  }
  const allowed = client.allowedResources.includes(resource) || client.defaultResource === resource;
  if (allowed && clients.isResource(resource)) return resource;
  const reason = clients.isResource(resource) ? 'resource_not_allowed' : 'resource_unknown';
  // One text for both, so that nobody can list resources.
  throw invalidTarget(reason, 'the resource is unknown or not allowed to this client');
}

/**
 * The resource of a token under a grant (RFC 8707 §2.2): one that was granted; the client's default where the grant names
 * none; the issuer where the grant is an OpenID one, for UserInfo.
 */
export function narrowResource(
  asked: string | undefined,
  grant: { resources: readonly string[]; scopes: readonly string[] },
  client: Client,
  issuer: string,
): string | undefined {
  if (asked === undefined) return grant.resources[0];
  if (grant.resources.includes(asked)) return asked;
  const names = grant.resources.length > 0;
  if (asked === issuer && (grant.scopes.includes('openid') || (!names && defaultOf(client, issuer) === issuer))) return asked;
  if (!names && asked === client.defaultResource) return asked;
  throw invalidTarget('resource_exceeds_grant', 'the resource exceeds what was granted');
}

/**
 * `aud` of an access token (RFC 9068 §3): the resource asked for alone; else the client's default with the issuer beside
 * it when `openid` is granted, so that the token serves UserInfo as well; else the issuer.
 */
export function audienceOf(authorization: Authorization, issuer: string): string | string[] {
  if (authorization.resource !== undefined) return authorization.resource;
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
