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

const jwtType = 'application/token-introspection+jwt';

/** POST /oauth2/introspect (RFC 7662 §2). */
export function introspectEndpoint(peers: Pick<Peers, 'token'>, evidenceOf: EvidenceOf): Endpoint {
  return async (request) => {
    const parameters = formOf(request);
    const { authorization = '', accept = '' } = request.headers;
    const jwt = asksForJwt(accept);
    // An access token is a JWT and answered from memory; a refresh token's grant is a row. A guess of the lane, no more.
    // An answer that is encrypted may wait for the key set of whoever asks.
    const inMemory = !jwt && parameterOf(parameters, 'token').startsWith('ey');
    const options = parameterOf(parameters, 'client_assertion') === '' ? (inMemory ? fromMemory : fromStore) : once;
    const asked = { parameters, authorization, evidence: evidenceOf(request), jwt };
    const { body, content_type } = await peers.token.introspect(asked, options);
    return json(200, body, content_type === '' ? {} : { 'content-type': content_type });
  };
}

/** RFC 9701 §4: by `Accept`, named in full; whoever takes anything takes JSON. */
function asksForJwt(accept: string): boolean {
  const ranges = accept.split(',').map((range) => range.split(';').map((part) => part.trim().toLowerCase()));
  return ranges.some(([type, ...more]) => type === jwtType && !more.some((one) => /^q=0(?:\.0*)?$/.test(one)));
}
