import { OAuthError } from '@authority/errors';
import { readPersonsScope } from '../authorize/checks/scope.ts';
import { authenticateClient } from '../client-authentication/index.ts';
import type { ClientAuthenticationPorts } from '../client-authentication/method.ts';
import { deviceCode } from '../grants/device-code.ts';
import { type Client, isPublic } from '../model/client.ts';
import type { DeviceRequest } from '../model/device.ts';
import type { DeviceAuthorizationEndpoint } from '../model/endpoint.ts';
import type { EndpointRequest } from '../model/request.ts';
import type { ProtocolPorts } from '../ports.ts';
import { rulesFor } from '../profiles/index.ts';
import { collectStrictly, find, type ParameterMap } from '../primitives/parameters.ts';
import { formatUserCode, makeUserCode } from '../primitives/user-code.ts';
import { readResources } from '../tokens/audience.ts';
import { adminResource, deviceVerificationUri } from './paths.ts';

export type DeviceAuthorizationPorts = ClientAuthenticationPorts &
  Pick<ProtocolPorts, 'resources' | 'scopes' | 'deviceRequests' | 'deviceAdmission' | 'policy' | 'random'>;

/** Two codes out of 20^8 that are alike are rare, and eight times in a row they are a fault. */
const mostTries = 8;

/** POST /oauth2/device_authorization (RFC 8628 §3.1). */
export function createDeviceAuthorizationEndpoint(ports: DeviceAuthorizationPorts): DeviceAuthorizationEndpoint {
  return {
    async authorizeDevice(request, now) {
      const parameters = collectStrictly(request.parameters);
      const client = await authenticateClient(request, parameters, ports, now);
      if (!client.grant_types.includes(deviceCode.type)) throw new OAuthError('unauthorized_client', 'grant_type_not_allowed');
      const refused = rulesFor(client, ports.policy)?.refusedGrantTypes ?? [];
      if (refused.includes(deviceCode.type)) throw new OAuthError('unauthorized_client', 'profile_refused');

      const asked = readRequest(request, parameters, client, ports, now);
      // Whoever knows the name of a public client can ask in it; the others can be told apart, and turned off.
      if (isPublic(client)) await ports.deviceAdmission.admit(asked.peer_address, now);
      const { device_code, user_code } = await storeUnderCodes(asked, ports);
      const verification_uri = deviceVerificationUri(ports.issuer);
      return {
        ...{ device_code, user_code, verification_uri },
        verification_uri_complete: `${verification_uri}?user_code=${user_code}`,
        expires_in: Math.floor((asked.expiresAt - now) / 1000),
        interval: asked.interval,
      };
    },
  };
}

function readRequest(
  { evidence }: EndpointRequest,
  parameters: ParameterMap,
  client: Client,
  ports: DeviceAuthorizationPorts,
  now: number,
): DeviceRequest {
  const resources = readResources(parameters.get('resource'), client, ports);
  // The operators' API is none that a person can give.
  if (resources.includes(adminResource(ports.issuer))) throw new OAuthError('invalid_target', 'resource_not_allowed');
  return {
    version: 1,
    client_id: client.client_id,
    scopes: readPersonsScope(find(parameters, 'scope'), client, ports),
    resources,
    peer_address: evidence.peer_address,
    user_agent: evidence.user_agent,
    requestedAt: now,
    expiresAt: now + ports.policy.deviceCodeLifetime() * 1000,
    interval: ports.policy.devicePollInterval(),
  };
}

async function storeUnderCodes(
  request: DeviceRequest,
  { deviceRequests, random }: DeviceAuthorizationPorts,
): Promise<{ device_code: string; user_code: string }> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const user_code = makeUserCode(random);
    const device_code = await deviceRequests.store(request, user_code);
    if (device_code !== undefined) return { device_code, user_code: formatUserCode(user_code) };
  }
  throw new Error('no user code is free');
}
