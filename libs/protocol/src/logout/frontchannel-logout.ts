import type { SessionFacts } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { ProtocolPorts } from '../ports.ts';
import { sessionFor } from '../tokens/pairwise.ts';

export type FrontchannelLogoutPorts = Pick<ProtocolPorts, 'issuer' | 'clients' | 'sessionClients' | 'policy' | 'pairwiseKey'>;

/** So many pages are framed at once; who signed in to more is told by the back channel. */
const mostFrames = 50;

/**
 * The pages that a browser loads in frames when it signs out (OpenID Connect Front-Channel Logout 1.0 §2): those of the
 * clients that took part in the session. Empty unless the operator wants it.
 */
export async function frontchannelLogoutUris(session: SessionFacts, ports: FrontchannelLogoutPorts): Promise<string[]> {
  if (!ports.policy.frontchannelLogout()) return [];
  const took_part = await ports.sessionClients.of(session);
  return took_part.flatMap((client_id) => uriOf(ports.clients.find(client_id), session, ports)).slice(0, mostFrames);
}

/** §2: with `iss` and `sid`, both or none, added to whatever query was registered. */
function uriOf(client: Client | undefined, { sid }: SessionFacts, ports: FrontchannelLogoutPorts): string[] {
  const uri = client?.frontchannel_logout_uri;
  if (!client || client.disabled || uri === undefined) return [];
  if (!client.frontchannel_logout_session_required) return [uri];
  return [`${uri}${uri.includes('?') ? '&' : '?'}${new URLSearchParams({ iss: ports.issuer, sid: sessionFor(client, sid, ports) })}`];
}
