import { Resource as ResourceMessage } from '@authority/contracts/admin';
import { etagOf, fieldInvalid } from '@authority/listing';
import { adminResource, isOperatorScope, isScopeToken, type Resource } from '@authority/protocol';
import { signingAlgorithms } from '../keys/key-material.ts';
import type { StoredResource } from '../postgres/resources.ts';

/** What an update mask may name; the rest is made by the server. */
export const mutableResourceFields = [
  'resource_name',
  'scopes',
  'access_token_format',
  'access_token_lifetime',
  'access_token_signing_alg',
  'shared',
  'allowed_clients',
] as const satisfies readonly (keyof ResourceMessage)[];

const mostScopes = 256;
const mostClients = 4096;
const longestName = 256;
const longestWords = 1024;

export function toMessage({ resource, createdAt, updatedAt }: StoredResource): ResourceMessage {
  const message = ResourceMessage.fromPartial({
    resource: resource.resource,
    resource_name: resource.resource_name ?? '',
    scopes: resource.scopes.map(({ name, description }) => ({ name, description })),
    access_token_format: resource.accessTokenFormat ?? '',
    access_token_lifetime: resource.accessTokenLifetime ?? 0,
    access_token_signing_alg: resource.accessTokenSigningAlg ?? '',
    shared: resource.shared,
    allowed_clients: [...resource.allowedClients],
    create_time_ms: createdAt,
    update_time_ms: updatedAt,
  });
  return { ...message, etag: etagOf(message) };
}

/** A resource as an operator describes it. */
export function fromMessage(message: ResourceMessage, issuer: string): Resource {
  assertIdentifier(message.resource, issuer);
  assertScopes(message);
  const { resource_name, access_token_lifetime, allowed_clients } = message;
  if (resource_name.length > longestName) throw fieldInvalid('resource.resource_name', `must have at most ${longestName} characters`);
  if (access_token_lifetime > 86_400) throw fieldInvalid('resource.access_token_lifetime', 'must be at most 86400 seconds');
  if (allowed_clients.length > mostClients) throw fieldInvalid('resource.allowed_clients', `must be at most ${mostClients}`);
  const format = formatOf(message.access_token_format);
  const alg = algorithmOf(message.access_token_signing_alg);
  return {
    resource: message.resource,
    ...(resource_name !== '' && { resource_name }),
    scopes: message.scopes.map(({ name, description }) => ({ name, description })),
    ...(format && { accessTokenFormat: format }),
    ...(access_token_lifetime !== 0 && { accessTokenLifetime: access_token_lifetime }),
    ...(alg && { accessTokenSigningAlg: alg }),
    shared: message.shared,
    allowedClients: allowed_clients,
  };
}

/** RFC 8707 §2: an absolute URI without fragment; ASCII, as URIs are (RFC 3986 §2). */
function assertIdentifier(resource: string, issuer: string): void {
  const isUri = /^[\x21-\x7e]{1,1024}$/.test(resource) && URL.canParse(resource) && !resource.includes('#');
  if (!isUri) throw fieldInvalid('resource.resource', 'must be an absolute URI without a fragment');
  if (resource === issuer || resource === adminResource(issuer)) {
    throw fieldInvalid('resource.resource', 'is the identifier of this server itself');
  }
}

function assertScopes({ scopes }: ResourceMessage): void {
  if (scopes.length > mostScopes) throw fieldInvalid('resource.scopes', `must be at most ${mostScopes}`);
  for (const [at, { name, description }] of scopes.entries()) {
    const field = `resource.scopes[${at}]`;
    if (!isScopeToken(name) || name.length > 256) throw fieldInvalid(`${field}.name`, 'must be a scope of RFC 6749 §3.3');
    // Such scopes are an operator client's alone, at this server (contract.md, "Operators").
    if (isOperatorScope(name)) throw fieldInvalid(`${field}.name`, 'scopes that begin with authority. are for this server’s own API');
    if (description.length > longestWords) throw fieldInvalid(`${field}.description`, `must have at most ${longestWords} characters`);
    if (scopes.findIndex((other) => other.name === name) !== at) throw fieldInvalid(`${field}.name`, 'is there twice');
  }
}

function formatOf(word: string): Resource['accessTokenFormat'] {
  if (word === '') return undefined;
  if (word === 'jwt' || word === 'opaque') return word;
  throw fieldInvalid('resource.access_token_format', 'must be jwt or opaque');
}

function algorithmOf(word: string): Resource['accessTokenSigningAlg'] {
  if (word === '') return undefined;
  const found = signingAlgorithms.find((one) => one === word);
  if (found) return found;
  throw fieldInvalid('resource.access_token_signing_alg', `must be one of ${signingAlgorithms.join(', ')}`);
}
