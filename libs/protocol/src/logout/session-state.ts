import { createHash } from 'node:crypto';
import type { AuthorizationRequest } from '../authorize/request.ts';
import type { ClientResponse } from '../model/front-channel.ts';
import type { ProtocolPorts } from '../ports.ts';
import { encode } from '../primitives/base64url.ts';

/**
 * `session_state` in an answer, and what the browser keeps to compare it with (OpenID Connect Session Management 1.0 §2,
 * §4.2): a salted hash of client, origin and the browser's state, so that no two clients can compare theirs. As it is
 * where this is off, for what is no sign-in, and where the client has no page that could ask.
 */
export function withSessionState(
  response: ClientResponse,
  { client, redirect_uri, scopes }: Pick<AuthorizationRequest, 'client' | 'redirect_uri' | 'scopes'>,
  session: string,
  { policy, random }: Pick<ProtocolPorts, 'policy' | 'random'>,
): ClientResponse {
  if (!policy.sessionManagement() || !scopes.includes('openid') || !/^https?:/.test(redirect_uri)) return response;
  const { origin } = new URL(redirect_uri);
  const browser_state = browserStateOf(session);
  const salt = encode(random.bytes(16));
  const value = `${hash(`${client.client_id} ${origin} ${browser_state} ${salt}`)}.${salt}`;
  return { ...response, parameters: [...response.parameters, { name: 'session_state', value }], browser_state };
}

/** One way from the session's handle, which is new at every sign-in: scripts may read it, and it opens nothing. */
function browserStateOf(session: string): string {
  return hash(`browser state ${session}`);
}

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');
