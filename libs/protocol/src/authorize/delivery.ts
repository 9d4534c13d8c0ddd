import { OAuthError } from '@authority/errors';
import type { DeliveredRequest } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { Parameters } from '../model/request.ts';
import { collect, find, type ParameterMap, repeatedParameter } from '../primitives/parameters.ts';
import { readClient } from './checks/client.ts';
import type { AuthorizePorts } from './request.ts';
import { readRequestObject } from './request-object.ts';

/** What a request_uri of a pushed request begins with (RFC 9126 §2.2). */
export const pushedPrefix = 'urn:ietf:params:oauth:request_uri:';

/**
 * The parameters that count, wherever they came from: the request itself, a pushed request (RFC 9126 §4), or a request
 * object by value or by reference (RFC 9101 §5). Of the latter three nothing beside them counts but client_id, which must
 * be the same.
 */
export async function readDelivery(parameters: Parameters, ports: AuthorizePorts, now: number): Promise<DeliveredRequest> {
  const { map } = collect(parameters);
  const object = find(map, 'request');
  const request_uri = find(map, 'request_uri');
  if (object === undefined && request_uri === undefined) return { parameters, delivery: { pushed: false, signed: false } };

  const client = soleClient(parameters, map, ports);
  assertOnce(parameters);
  if (request_uri?.startsWith(pushedPrefix)) return readPushed(request_uri.slice(pushedPrefix.length), client, ports, now);
  const jwt = object ?? (await fetchObject(request_uri ?? '', client, ports));
  return { parameters: await readRequestObject(jwt, client, ports, now), delivery: { pushed: false, signed: true } };
}

/** client_id stands beside the object (RFC 9101 §5, RFC 9126 §4), once. */
function soleClient(parameters: Parameters, map: ParameterMap, ports: AuthorizePorts): Client {
  if (parameters.filter(({ name }) => name === 'client_id').length > 1) throw repeatedParameter();
  return readClient({ parameters: map, ports });
}

/** RFC 9101 §5: one of them, and once. */
function assertOnce(parameters: Parameters): void {
  if (parameters.filter(({ name }) => name === 'request' || name === 'request_uri').length > 1) throw repeatedParameter();
}

/** Bound to the client that pushed it (RFC 9126 §2.2); used up by its answer, not by the look at it (§4, see SPECS.md). */
async function readPushed(reference: string, client: Client, { pushedRequests }: AuthorizePorts, now: number): Promise<DeliveredRequest> {
  const found = await pushedRequests.find(reference);
  if (!found) throw new OAuthError('invalid_request_uri', 'request_uri_unknown', { description: 'request_uri has expired or was used' });
  const { id, request } = found;
  if (request.client_id !== client.client_id) {
    throw new OAuthError('invalid_request_uri', 'request_uri_of_other_client', { description: 'request_uri has expired or was used' });
  }
  if (request.expiresAt <= now) {
    throw new OAuthError('invalid_request_uri', 'request_uri_expired', { description: 'request_uri has expired or was used' });
  }
  return { parameters: request.parameters, scopes: request.scopes, delivery: request.delivery, pushed: id };
}

/** Only addresses that the client registered, compared whole: nobody else chooses where this server sends a request. */
async function fetchObject(uri: string, client: Client, { requestObjects }: AuthorizePorts): Promise<string> {
  if (!client.request_uris?.includes(uri)) {
    throw new OAuthError('invalid_request_uri', 'request_uri_foreign', { description: 'request_uri is not registered for this client' });
  }
  return requestObjects.fetch(uri);
}
