import { OAuthError, type Reason, StatusError } from '@authority/errors';
import type { Authentication, Authorization, LiveGrant } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { GrantRequest } from '../model/request.ts';
import type { PasswordAuthentication } from '../ports.ts';
import { find, required } from '../primitives/parameters.ts';
import { assertScopesAllowed, defaultScope, isOperatorScope, parseScope } from '../primitives/scope.ts';
import { assertTogether, readResources } from '../tokens/audience.ts';
import { grantConfirmation } from '../tokens/confirmation.ts';
import { firstGeneration, partitionOf } from '../tokens/refresh-token.ts';
import type { Grant, GrantPorts } from './grant.ts';

/**
 * The resource owner password credentials grant (RFC 6749 §4.3), for clients of old that nobody can change. RFC 9700 §2.4
 * forbids it to everybody else, so it needs `password` among the client's grant types, which registration gives only where
 * its policy allows it.
 */
export const password: Grant = {
  type: 'password',
  parameters: ['username', 'password', 'scope', 'resource'],
  lane: 'store',

  async authorize(request, ports): Promise<Authorization> {
    const { client, parameters } = request;
    const username = required(parameters, 'username');
    const given = required(parameters, 'password');
    // All that can be refused without the password is, so that no attempt is counted for a request that must fail.
    const scopes = readScopes(find(parameters, 'scope'), client, ports);
    const resources = readResources(parameters.get('resource'), client, ports);
    assertTogether(resources, ports);

    const attempt = { username, password: given, client_id: client.client_id, evidence: request.evidence };
    const person = assertAuthenticated(await ports.identities.authenticate(attempt), request.now);
    return await grantTo(person, { scopes, resources }, request, ports);
  },
};

type Person = Extract<PasswordAuthentication, { outcome: 'authenticated' }>;

/** A person's token never has the operators' scopes (contract.md). */
function readScopes(asked: string | undefined, client: Client, ports: GrantPorts): readonly string[] {
  const scopes = parseScope(asked);
  assertScopesAllowed(scopes, client, ports.scopes);
  if (scopes.some(isOperatorScope)) {
    throw new OAuthError('invalid_scope', 'scope_not_allowed', { description: 'a scope is not for this grant type' });
  }
  return scopes.length > 0 ? scopes : defaultScope(client);
}

/** One answer to a wrong name, a wrong password, a disabled person and one with a second factor (RFC 6749 §5.2). */
function assertAuthenticated(found: PasswordAuthentication, now: number): Person {
  if (found.outcome === 'authenticated') return found;
  const { reason, retryAt } = found;
  if (reason === 'throttled_account' || reason === 'throttled_address') {
    // RFC 6749 §4.3.2: "MUST protect the endpoint against brute force attacks".
    throw new StatusError('RESOURCE_EXHAUSTED', reason, { retryAfterMs: Math.max(retryAt - now, 1000) });
  }
  throw invalidGrant(reason);
}

interface Asked {
  scopes: readonly string[];
  resources: readonly string[];
}

async function grantTo(
  person: Person,
  { scopes, resources }: Asked,
  { client, confirmation, now }: GrantRequest,
  ports: GrantPorts,
): Promise<Authorization> {
  const authentication: Authentication = {
    auth_time: Math.floor(person.authTimeMs / 1000),
    acr: person.acr,
    amr: person.amr,
    authTimeRequired: client.require_auth_time,
  };
  const bound = grantConfirmation(client, confirmation);
  const grant: LiveGrant = {
    grant_id: ports.random.grantId(person.authTimeMs),
    client_id: client.client_id,
    sub: person.sub,
    scopes,
    resources,
    authentication,
    ...(bound && { confirmation: bound }),
    // The clock that not-befores are compared with: a password that is changed meanwhile ends this grant.
    createdAt: person.authTimeMs,
    expiresAt: now + ports.policy.offlineGrantLifetime() * 1000,
  };
  const handle = ports.random.bytes(16);
  const created = await ports.grants.create(grant, handle, now);
  if (created !== 'created') throw invalidGrant(created);

  const refresh = {
    handle,
    generation: firstGeneration,
    keyId: ports.refreshTokenMac.currentKeyId(),
    partition: partitionOf(grant.expiresAt),
  };
  return {
    client,
    sub: person.sub,
    scopes,
    resources,
    grant,
    authentication,
    ...(mayRefresh(client, scopes) && { refresh }),
    idToken: scopes.includes('openid'),
  };
}

/** As for codes: OpenID grants need offline_access, the others the grant type alone. */
function mayRefresh(client: Client, scopes: readonly string[]): boolean {
  return client.grant_types.includes('refresh_token') && (scopes.includes('offline_access') || !scopes.includes('openid'));
}

function invalidGrant(reason: Reason): OAuthError {
  return new OAuthError('invalid_grant', reason, { description: 'the username or password is wrong' });
}
