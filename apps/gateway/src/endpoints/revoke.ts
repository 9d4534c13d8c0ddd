import { type Answer, noStore } from '../http/answer.ts';
import { formOf } from '../http/body.ts';
import type { EvidenceOf } from '../http/evidence.ts';
import type { Endpoint } from '../http/serve.ts';
import type { Peers } from '../peers/peers.ts';

/** RFC 7009 §2.2: "the content of the response body is ignored by the client". */
const revoked: Answer = { status: 200, headers: noStore, body: '' };

/** POST /oauth2/revoke (RFC 7009 §2). */
export function revokeEndpoint(peers: Pick<Peers, 'token'>, evidenceOf: EvidenceOf): Endpoint {
  return async (request) => {
    const parameters = formOf(request);
    const { authorization = '' } = request.headers;
    await peers.token.revoke({ parameters, authorization, evidence: evidenceOf(request) });
    return revoked;
  };
}
