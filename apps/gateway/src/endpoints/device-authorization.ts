import { json } from '../http/answer.ts';
import { formOf } from '../http/body.ts';
import type { EvidenceOf } from '../http/evidence.ts';
import type { Endpoint } from '../http/serve.ts';
import type { Peers } from '../peers/peers.ts';

/** POST /oauth2/device_authorization (RFC 8628 §3.1). */
export function deviceAuthorizationEndpoint(peers: Pick<Peers, 'token'>, evidenceOf: EvidenceOf): Endpoint {
  return async (request) => {
    const parameters = formOf(request);
    const { authorization = '' } = request.headers;
    const asked = { parameters, authorization, evidence: evidenceOf(request) };
    return json(200, JSON.stringify(await peers.token.authorizeDevice(asked, { lane: 'store', idempotent: false })));
  };
}
