import type { ExchangeResponse } from '@authority/contracts/token';
import type { Parameter } from '@authority/contracts/rpc';
import type { CallOptions } from '@authority/rpc';
import { dpopNonce, json } from '../http/answer.ts';
import { formOf } from '../http/body.ts';
import type { EvidenceOf } from '../http/evidence.ts';
import { parameterOf } from '../http/parameters.ts';
import type { Endpoint } from '../http/serve.ts';
import type { Peers } from '../peers/peers.ts';

/** POST /oauth2/token (RFC 6749 §3.2). */
export function tokenEndpoint(peers: Pick<Peers, 'token'>, evidenceOf: EvidenceOf): Endpoint {
  return async (request) => {
    const parameters = formOf(request);
    const { authorization = '' } = request.headers;
    const evidence = evidenceOf(request);
    const options = evidence.dpop === '' ? laneOf(parameters) : fromStore;
    const response = await peers.token.exchange({ parameters, authorization, evidence }, options);
    return json(200, bodyOf(response), dpopNonce(response.dpop_nonce));
  };
}

const cpuOnly: CallOptions = { lane: 'cpu', idempotent: true };
const fromStore: CallOptions = { lane: 'store', idempotent: false };
const refresh: CallOptions = { lane: 'store', idempotent: true };

/**
 * performance.md: client credentials by secret need memory and CPU alone, and so does the exchange of access tokens for one;
 * an assertion or a DPoP proof is marked in a store and never sent again, nor is a code; a refresh is answered alike twice.
 */
export function laneOf(parameters: readonly Parameter[]): CallOptions {
  if (parameterOf(parameters, 'client_assertion') !== '') return fromStore;
  const grantType = parameterOf(parameters, 'grant_type');
  if (grantType === 'client_credentials') return cpuOnly;
  if (grantType === 'urn:ietf:params:oauth:grant-type:token-exchange') return isOfAccessTokens(parameters) ? cpuOnly : fromStore;
  return grantType === 'refresh_token' ? refresh : fromStore;
}

/** RFC 8693 §2.1: an ID Token asks a store for consents, and the JWT of another issuer is marked in one. */
function isOfAccessTokens(parameters: readonly Parameter[]): boolean {
  const types = parameters.filter(({ name }) => name === 'subject_token_type' || name === 'actor_token_type');
  return types.every(({ value }) => value === 'urn:ietf:params:oauth:token-type:access_token');
}

/** RFC 6749 §5.1. By hand: its members are few, and JSON.stringify of an object with absent ones costs more. */
function bodyOf(response: ExchangeResponse): string {
  let body = `{"access_token":${JSON.stringify(response.access_token)},"token_type":${JSON.stringify(response.token_type)},"expires_in":${response.expires_in}`;
  if (response.refresh_token !== '') body += `,"refresh_token":${JSON.stringify(response.refresh_token)}`;
  if (response.scope !== '') body += `,"scope":${JSON.stringify(response.scope)}`;
  if (response.id_token !== '') body += `,"id_token":${JSON.stringify(response.id_token)}`;
  if (response.issued_token_type !== '') body += `,"issued_token_type":${JSON.stringify(response.issued_token_type)}`;
  return `${body}}`;
}
