import { OAuthError } from '@authority/errors';
import type { EdgeRequest } from '../http/request.ts';
import { type Answer, json, noStore } from '../http/answer.ts';
import { jsonTextOf } from '../http/body.ts';
import type { EvidenceOf } from '../http/evidence.ts';
import type { Endpoint } from '../http/serve.ts';
import type { Peers } from '../peers/peers.ts';

/** The four requests of dynamic registration and its management (RFC 7591 §3, RFC 7592 §2). */
export interface RegistrationEndpoints {
  readonly register: Endpoint;
  readonly read: Endpoint;
  readonly update: Endpoint;
  readonly remove: Endpoint;
}

export function registrationEndpoints({ registration }: Pick<Peers, 'registration'>, evidenceOf: EvidenceOf): RegistrationEndpoints {
  const caller = (request: EdgeRequest) => ({
    authorization: request.headers.authorization ?? '',
    evidence: evidenceOf(request),
  });
  return {
    register: async (request) => json(201, (await registration.register({ body: jsonTextOf(request), ...caller(request) })).body),
    read: async (request) => json(200, (await registration.readRegistration({ client_id: clientId(request), ...caller(request) })).body),
    async update(request) {
      const body = jsonTextOf(request);
      return json(200, (await registration.updateRegistration({ client_id: clientId(request), body, ...caller(request) })).body);
    },
    async remove(request): Promise<Answer> {
      await registration.deleteRegistration({ client_id: clientId(request), ...caller(request) });
      return { status: 204, headers: noStore, body: '' };
    },
  };
}

/** The client_id of the client configuration endpoint (RFC 7592 §2); the router has percent-decoded it. */
function clientId(request: EdgeRequest): string {
  const { client_id = '' } = request.params as { client_id?: string }; // declared by the route's pattern
  if (client_id.includes('\0') || !client_id.isWellFormed()) {
    throw new OAuthError('invalid_request', 'encoding_invalid', { description: 'The client_id is not well-formed.' });
  }
  return client_id;
}
