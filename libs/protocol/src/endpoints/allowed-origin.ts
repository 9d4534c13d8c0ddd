import { OAuthError } from '@authority/errors';
import { allowedOrigins, type Client } from '../model/client.ts';
import type { AllowedOriginEndpoint } from '../model/endpoint.ts';
import type { EndpointRequest } from '../model/request.ts';
import type { ProtocolPorts } from '../ports.ts';
import { parseBasic } from '../primitives/basic-credentials.ts';
import { readUnverified } from '../primitives/jwt.ts';
import { collect, find, type ParameterMap } from '../primitives/parameters.ts';
import { readAccessToken } from '../tokens/access-token.ts';

export type AllowedOriginPorts = Pick<ProtocolPorts, 'issuer' | 'clients' | 'signingKeys' | 'sealingKeys'>;

/**
 * Whether a page of an origin may read an answer (Fetch §3.2, CORS). It is a matter of the client that the request names;
 * the request itself is judged elsewhere, and only as that client. No cookie counts at these endpoints and none is sent
 * along, so a page learns nothing by an answer that its own server could not have asked for.
 */
export function createAllowedOriginEndpoint(ports: AllowedOriginPorts): AllowedOriginEndpoint {
  return {
    async isAllowed(origin, request) {
      const { map } = collect(request.parameters);
      const client_id = clientOfRequest(request, map) ?? clientOfToken(request, map, (token) => readAccessToken(token, ports));
      const client = client_id === undefined ? undefined : await findClient(client_id, ports);
      return client !== undefined && !client.disabled && allowedOrigins(client).includes(origin);
    },
  };
}

/** None where its metadata cannot be had: the page does not even read that. */
async function findClient(client_id: string, { clients }: AllowedOriginPorts): Promise<Client | undefined> {
  try {
    await clients.load(client_id);
  } catch (error) {
    if (error instanceof OAuthError) return undefined;
    throw error;
  }
  return clients.find(client_id);
}

/** Whom the request says that it is of; client authentication refuses one that says two things. */
function clientOfRequest({ authorization }: Pick<EndpointRequest, 'authorization'>, parameters: ParameterMap): string | undefined {
  const named = parseBasic(authorization)?.client_id ?? find(parameters, 'client_id');
  if (named !== undefined) return named;
  const assertion = find(parameters, 'client_assertion');
  const subject = assertion !== undefined && assertion.length <= 16_384 ? readUnverified(assertion)?.payload['sub'] : undefined;
  return typeof subject === 'string' ? subject : undefined;
}

/** UserInfo: the client that the access token was issued to, expired or not, so that it can read that it is. */
function clientOfToken(
  { authorization }: Pick<EndpointRequest, 'authorization'>,
  parameters: ParameterMap,
  read: (jws: string) => { client_id: string } | undefined,
): string | undefined {
  const token = /^(?:bearer|dpop) +(\S+)$/i.exec(authorization)?.[1] ?? find(parameters, 'access_token');
  return token === undefined ? undefined : read(token)?.client_id;
}
