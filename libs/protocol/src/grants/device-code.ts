import { OAuthError, type OAuthErrorCode, type Reason } from '@authority/errors';
import type { Authorization, LiveGrant } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { DeviceDecision, DeviceGrant, DevicePoll } from '../model/device.ts';
import type { GrantRequest } from '../model/request.ts';
import { required } from '../primitives/parameters.ts';
import { narrowResources, readResources } from '../tokens/audience.ts';
import { grantConfirmation } from '../tokens/confirmation.ts';
import { firstGeneration, partitionOf } from '../tokens/refresh-token.ts';
import type { Grant, GrantPorts } from './grant.ts';

const longestCode = 256;

/** The device authorization grant (RFC 8628 §3.4, §3.5). */
export const deviceCode: Grant = {
  type: 'urn:ietf:params:oauth:grant-type:device_code',
  parameters: ['device_code', 'resource'],
  lane: 'store',

  async authorize(request, ports): Promise<Authorization> {
    const value = required(request.parameters, 'device_code');
    const asked = readResources(request.parameters.get('resource'), request.client, ports);

    const poll = value.length <= longestCode ? await ports.deviceRequests.poll(value, request.client.client_id, request.now) : 'malformed';
    if (poll !== 'decided' && poll !== 'missing') throw refusalOf(poll);
    const decision = await ports.deviceDecisions.find(value);
    // Asked for by `missing` too: an approval outlives the store that the request waited in.
    if (!decision) throw refusalOf(poll === 'decided' ? 'pending' : poll);

    assertAllowed(decision, request);
    const resources = narrowResources(asked, decision, request.client, ports);
    const grant = newGrant(decision, request, ports);
    const redemption = await ports.deviceDecisions.redeem(value, grant);
    // A second poll ends nothing, unlike a second code: devices repeat polls whose answer they lost.
    if (redemption !== 'redeemed') throw invalidGrant(redemption === 'replayed' ? 'device_code_redeemed' : redemption);
    return authorizationFrom(decision, grant, request.client, resources, ports);
  },
};

/** RFC 8628 §3.5; what is no live code of this client is invalid_grant. */
const refusals: Record<Exclude<DevicePoll, 'decided'>, readonly [OAuthErrorCode, Reason, string]> = {
  pending: ['authorization_pending', 'device_pending', 'the person has not decided yet'],
  too_fast: ['slow_down', 'device_polled_too_fast', 'wait 5 seconds longer between polls'],
  expired: ['expired_token', 'device_code_expired', 'the device code has expired'],
  // Of our shape and not found: what it waited in was lost, and the device may start again.
  missing: ['expired_token', 'device_code_unknown', 'the device code has expired'],
  malformed: ['invalid_grant', 'device_code_malformed', 'the device code is not valid'],
  wrong: ['invalid_grant', 'device_code_unknown', 'the device code is not valid'],
  of_other_client: ['invalid_grant', 'device_code_of_other_client', 'the device code is not valid'],
};

function refusalOf(poll: Exclude<DevicePoll, 'decided'>): OAuthError {
  const [error, reason, description] = refusals[poll];
  return new OAuthError(error, reason, { description });
}

function assertAllowed(decision: DeviceDecision, { client, now }: GrantRequest): void {
  if (decision.client_id !== client.client_id) throw refusalOf('of_other_client');
  if (decision.expiresAt <= now) throw refusalOf('expired');
  if (!decision.allowed) throw new OAuthError('access_denied', 'device_denied', { description: 'the person denied the request' });
}

/** A device outlives the session that it was allowed in, whatever the scope (house.md, "Devices"). */
function newGrant({ decidedAt }: DeviceDecision, { client, confirmation, now }: GrantRequest, { random, policy }: GrantPorts): DeviceGrant {
  const bound = grantConfirmation(client, confirmation);
  return {
    ...{ grant_id: random.grantId(decidedAt), handle: random.bytes(16), expiresAt: now + policy.offlineGrantLifetime() * 1000 },
    ...(bound && { confirmation: bound }),
  };
}

function authorizationFrom(
  decision: DeviceDecision,
  made: DeviceGrant,
  client: Client,
  resources: readonly string[],
  ports: GrantPorts,
): Authorization {
  const { scopes, sub, authentication } = decision;
  const { grant_id, expiresAt, confirmation } = made;
  const grant: LiveGrant = {
    ...{ grant_id, client_id: client.client_id, sub, scopes, resources: decision.resources, authentication },
    ...{ createdAt: decision.decidedAt, expiresAt },
    ...(confirmation && { confirmation }),
  };
  // As for codes: with openid a refresh token has to be asked for by name (OpenID Connect Core §11).
  const refresh = client.grant_types.includes('refresh_token') && (!scopes.includes('openid') || scopes.includes('offline_access'));
  return {
    ...{ client, sub, scopes, resources, grant, authentication },
    ...(refresh && {
      refresh: {
        handle: made.handle,
        generation: firstGeneration,
        keyId: ports.refreshTokenMac.currentKeyId(),
        partition: partitionOf(expiresAt),
      },
    }),
    idToken: scopes.includes('openid'),
  };
}

function invalidGrant(reason: Reason): OAuthError {
  return new OAuthError('invalid_grant', reason, { description: 'the device code is not valid' });
}
