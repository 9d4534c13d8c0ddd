import type { CallOptions } from '@authority/rpc';
import { dpopNonce, json } from '../http/answer.ts';
import { formOf } from '../http/body.ts';
import type { EvidenceOf } from '../http/evidence.ts';
import { parameterOf } from '../http/parameters.ts';
import type { Endpoint } from '../http/serve.ts';
import type { Peers } from '../peers/peers.ts';

/** An assertion or a DPoP proof is marked, and never sent again; a request that is kept twice has two names, and one of them is used. */
const once: CallOptions = { lane: 'store', idempotent: false };
const again: CallOptions = { lane: 'store', idempotent: true };

/** POST /oauth2/par (RFC 9126 §2.1). */
export function pushedAuthorizationEndpoint(peers: Pick<Peers, 'authorization'>, evidenceOf: EvidenceOf): Endpoint {
  return async (request) => {
    const parameters = formOf(request);
    const { authorization = '' } = request.headers;
    const evidence = evidenceOf(request);
    const options = parameterOf(parameters, 'client_assertion') === '' && evidence.dpop === '' ? again : once;
    const asked = { parameters, authorization, evidence };
    const { request_uri, expires_in, dpop_nonce } = await peers.authorization.pushAuthorizationRequest(asked, options);
    return json(201, JSON.stringify({ request_uri, expires_in }), dpopNonce(dpop_nonce));
  };
}
