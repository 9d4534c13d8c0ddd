import { jsonHeaders } from '../http/answer.ts';
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
    const { body, content_type } = await peers.token.userInfo(
      { parameters, authorization, evidence: evidenceOf(request) },
      { idempotent: true },
    );
    return { status: 200, headers: { ...jsonHeaders, 'content-type': content_type || 'application/json' }, body };
  };
}
