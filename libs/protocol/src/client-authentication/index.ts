import { OAuthError } from '@authority/errors';
import type { Client } from '../model/client.ts';
import type { EndpointRequest } from '../model/request.ts';
import { invalidClient } from '../primitives/challenge.ts';
import { isDocumentAddress } from '../primitives/document-address.ts';
import { find, type ParameterMap } from '../primitives/parameters.ts';
import { assertAuthenticationFits, rulesFor, underProfile } from '../profiles/index.ts';
import { clientSecretBasic } from './client-secret-basic.ts';
import { clientSecretJwt } from './client-secret-jwt.ts';
import { clientSecretPost } from './client-secret-post.ts';
import type { ClientAuthenticationMethod, ClientAuthenticationPorts, PresentedCredential } from './method.ts';
import { none } from './none.ts';
import { privateKeyJwt } from './private-key-jwt.ts';
import { selfSignedTlsClientAuth } from './self-signed-tls-client-auth.ts';
import { tlsClientAuth } from './tls-client-auth.ts';

/** The registry; discovery lists it. */
export const clientAuthenticationMethods: readonly ClientAuthenticationMethod[] = [
  clientSecretBasic,
  clientSecretPost,
  clientSecretJwt,
  privateKeyJwt,
  tlsClientAuth,
  selfSignedTlsClientAuth,
  none,
];

/**
 * Authenticates the client of a request by exactly one method, the one that it is registered with (RFC 6749 §2.3).
 * Answers without a promise where memory is enough, for the CPU lane.
 */
export function authenticateClient(
  request: EndpointRequest,
  parameters: ParameterMap,
  ports: ClientAuthenticationPorts,
  now: number,
): Client | Promise<Client> {
  let used: Presented | undefined;
  for (const method of clientAuthenticationMethods) {
    const credential = method.present(request, parameters);
    if (!credential) continue;
    if (used) throw severalMethods();
    used = { method, credential };
  }
  if (!used) throw invalidClient('client_authentication_missing');
  assertSameClientId(parameters, used.credential.client_id);

  const { client_id } = used.credential;
  const presented = used;
  if (isDocumentAddress(client_id)) return ports.clients.load(client_id).then(() => judge(presented, request, ports, now));
  return judge(presented, request, ports, now);
}

interface Presented {
  method: ClientAuthenticationMethod;
  credential: PresentedCredential;
}

function judge(used: Presented, request: EndpointRequest, ports: ClientAuthenticationPorts, now: number): Client | Promise<Client> {
  const client = ports.clients.find(used.credential.client_id);
  if (!client) throw invalidClient('client_unknown');
  if (client.disabled) throw invalidClient('client_disabled');
  const method = methodOf(client, used.method);
  const rules = rulesFor(client, ports.policy);
  assertAuthenticationFits(method.name, rules);
  const strict = underProfile(client, rules);

  const verified = method.verifyConnection
    ? method.verifyConnection(request.evidence, strict, ports)
    : used.credential.verify(strict, ports, now);
  return verified instanceof Promise ? verified.then(() => strict) : strict;
}

/** The registered method: the one that was used, or one by the connection where the request only names its client. */
function methodOf({ token_endpoint_auth_method }: Client, used: ClientAuthenticationMethod): ClientAuthenticationMethod {
  if (token_endpoint_auth_method === used.name) return used;
  const registered = used === none ? clientAuthenticationMethods.find(({ name }) => name === token_endpoint_auth_method) : undefined;
  if (!registered?.verifyConnection) throw invalidClient('client_authentication_method_wrong');
  return registered;
}

/** RFC 6749 §2.3: "The client MUST NOT use more than one authentication method in each request." */
function severalMethods(): OAuthError {
  return new OAuthError('invalid_request', 'client_authentication_repeated', {
    description: 'more than one client authentication method',
  });
}

function assertSameClientId(parameters: ParameterMap, client_id: string): void {
  const named = find(parameters, 'client_id');
  if (named !== undefined && named !== client_id) {
    throw new OAuthError('invalid_request', 'client_authentication_repeated', {
      description: 'client_id differs from the client that authenticates',
    });
  }
}
