import { OAuthError, type Reason } from '@authority/errors';
import type { Authorization, LiveGrant, RefreshTokenParts } from '../model/authorization.ts';
import { type Client, rotates } from '../model/client.ts';
import type { GrantRequest } from '../model/request.ts';
import type { PresentedRefreshToken, RefreshOutcome } from '../ports.ts';
import { find, required } from '../primitives/parameters.ts';
import { narrowScope, parseScope } from '../primitives/scope.ts';
import { narrowResources, readResources } from '../tokens/audience.ts';
import { grantConfirmation, satisfies } from '../tokens/confirmation.ts';
import { readRefreshToken } from '../tokens/refresh-token.ts';
import type { Grant, GrantPorts } from './grant.ts';

/** The refresh grant (RFC 6749 §6, RFC 9700 §4.14; house.md, "Refresh"). */
export const refreshToken: Grant = {
  type: 'refresh_token',
  parameters: ['refresh_token', 'scope', 'resource'],
  lane: 'store',

  async authorize(request, ports): Promise<Authorization> {
    const parts = readParts(required(request.parameters, 'refresh_token'), ports);
    const scopes = parseScope(find(request.parameters, 'scope'));
    const resources = readResources(request.parameters.get('resource'), request.client, ports);

    // One statement checks client, scope, resource and generation in this order; only the last may revoke.
    const confirmation = grantConfirmation(request.client, request.confirmation);
    const presented = { ...parts, client_id: request.client.client_id, scopes, ...(confirmation && { confirmation }) };
    const outcome = await present(presented, resources, request, ports);
    const live = assertLive(outcome);
    return authorizationFrom(live, parts, scopes, resources, request.client, ports);
  },
};

function readParts(token: string, ports: GrantPorts): RefreshTokenParts {
  const parts = readRefreshToken(token, ports);
  if (parts === 'malformed') throw invalidGrant('refresh_token_malformed');
  if (parts === 'key_unknown') throw invalidGrant('refresh_token_key_unknown');
  return parts;
}

type Live = Extract<RefreshOutcome, { outcome: 'live' }>;
type Refused = Exclude<RefreshOutcome, Live>;

async function present(
  presented: Omit<PresentedRefreshToken, 'resources'>,
  resources: readonly string[],
  { client, now }: GrantRequest,
  ports: GrantPorts,
): Promise<RefreshOutcome> {
  if (rotates(client)) {
    // The issuer and the default are judged below, by the grant's scope and the client: the row does not name them.
    const named = resources.filter((resource) => resource !== ports.issuer && resource !== client.defaultResource);
    return ports.grants.rotate({ ...presented, resources: named }, now);
  }
  const outcome = await ports.grants.read(presented, now);
  if (outcome.outcome === 'live' && !satisfies(presented.confirmation, outcome.grant.confirmation)) return { outcome: 'other_key' };
  if (outcome.outcome !== 'reused' || !outcome.grant) return outcome;
  if (outcome.grant.client_id !== client.client_id) return { outcome: 'other_client' };
  // A client that used to rotate: a generation that was replaced long ago is in somebody else's hands.
  await ports.grants.revoke(outcome.grant.grant_id, presented.partition, 'refresh_token_reused', outcome.grant.expiresAt);
  return { outcome: 'reused' };
}

const reasons: Record<Refused['outcome'], Reason> = {
  unknown: 'refresh_token_unknown',
  expired: 'grant_expired',
  revoked: 'grant_revoked',
  reused: 'refresh_token_reused',
  subject_revoked: 'subject_revoked',
  client_disabled: 'client_disabled',
  session_ended: 'session_ended',
  other_client: 'refresh_token_of_other_client',
  scope_exceeds_grant: 'scope_exceeds_grant',
  resource_exceeds_grant: 'resource_exceeds_grant',
  other_key: 'refresh_token_of_other_key',
};

function assertLive(outcome: RefreshOutcome): Live {
  if (outcome.outcome === 'live') return outcome;
  const reason = reasons[outcome.outcome];
  if (outcome.outcome === 'scope_exceeds_grant') {
    throw new OAuthError('invalid_scope', reason, { description: 'the scope exceeds what was granted' });
  }
  if (outcome.outcome === 'resource_exceeds_grant') {
    throw new OAuthError('invalid_target', reason, { description: 'the resource exceeds what was granted' });
  }
  throw invalidGrant(reason);
}

function authorizationFrom(
  { grant, generation, keyId }: Live,
  parts: RefreshTokenParts,
  asked: readonly string[],
  resources: readonly string[],
  client: Client,
  ports: GrantPorts,
): Authorization {
  // Again here, for the grants that `read` gave: it knows neither client nor scope.
  if (grant.client_id !== client.client_id) throw invalidGrant('refresh_token_of_other_client');
  const scopes = narrowScope(asked, stillAllowed(grant, client));
  return {
    client,
    sub: grant.sub,
    scopes,
    resources: narrowResources(resources, grant, client, ports),
    grant,
    ...(grant.authentication && { authentication: grant.authentication }),
    // Made from the row's generation and key, so that every retry and every replica answers with the same token.
    refresh: { handle: parts.handle, generation, keyId, partition: parts.partition },
    idToken: scopes.includes('openid'),
  };
}

/** Scopes that were taken from the client since are not given again (RFC 9700 §2.3, least privilege). */
function stillAllowed(grant: LiveGrant, client: Client): readonly string[] {
  return grant.scopes.filter((scope) => client.scopes.includes(scope));
}

/** One answer for all of them (RFC 6749 §5.2); the log has the truth. */
function invalidGrant(reason: Reason): OAuthError {
  return new OAuthError('invalid_grant', reason, { description: 'the refresh token is not valid' });
}
