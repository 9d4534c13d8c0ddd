import type { CallOptions } from '@authority/rpc';
import { json } from '../http/answer.ts';
import { formOf } from '../http/body.ts';
import type { EvidenceOf } from '../http/evidence.ts';
import { parameterOf } from '../http/parameters.ts';
import type { Endpoint } from '../http/serve.ts';
import type { Peers } from '../peers/peers.ts';

const fromMemory: CallOptions = { lane: 'cpu', idempotent: true };
const fromStore: CallOptions = { lane: 'store', idempotent: true };
const once: CallOptions = { lane: 'store', idempotent: false };

/** POST /oauth2/introspect (RFC 7662 §2). */
export function introspectEndpoint(peers: Pick<Peers, 'token'>, evidenceOf: EvidenceOf): Endpoint {
  return async (request) => {
    const parameters = formOf(request);
    const { authorization = '' } = request.headers;
    // An access token is a JWT and answered from memory; a refresh token's grant is a row. A guess of the lane, no more.
    const looksLikeJwt = parameterOf(parameters, 'token').startsWith('ey');
    const options = parameterOf(parameters, 'client_assertion') === '' ? (looksLikeJwt ? fromMemory : fromStore) : once;
    const { body } = await peers.token.introspect({ parameters, authorization, evidence: evidenceOf(request) }, options);
    return json(200, body);
  };
}
