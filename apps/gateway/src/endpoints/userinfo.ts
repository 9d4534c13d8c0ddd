import { dpopNonce, jsonHeaders } from '../http/answer.ts';
import { formOf } from '../http/body.ts';
import type { EvidenceOf } from '../http/evidence.ts';
import type { Endpoint } from '../http/serve.ts';
import type { Peers } from '../peers/peers.ts';

/**
 * GET and POST /oauth2/userinfo (OpenID Connect Core §5.3). A token in the query is not looked at (RFC 9700 §4.3.2
 * forbids it): such a request has no token.
 */
export function userInfoEndpoint(peers: Pick<Peers, 'token'>, evidenceOf: EvidenceOf): Endpoint {
  return async (request) => {
    const parameters = request.method === 'POST' ? formOf(request) : [];
    const { authorization = '' } = request.headers;
    const evidence = evidenceOf(request);
    // A proof is marked when it is first seen: sent again it would be a replay.
    const idempotent = evidence.dpop === '';
    const { body, content_type, dpop_nonce } = await peers.token.userInfo({ parameters, authorization, evidence }, { idempotent });
    const headers = { ...jsonHeaders, 'content-type': content_type || 'application/json', ...dpopNonce(dpop_nonce) };
    return { status: 200, headers, body };
  };
}
