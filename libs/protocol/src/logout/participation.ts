import type { SessionFacts } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { SessionClients } from '../ports.ts';

/** Whether a client said where it wants to hear that a session has ended. */
export function hearsOfLogout({ backchannel_logout_uri, frontchannel_logout_uri }: Client): boolean {
  return backchannel_logout_uri !== undefined || frontchannel_logout_uri !== undefined;
}

/**
 * A sign-in whose ID Token the browser brings leaves no grant, so it is noted apart (Back-Channel Logout §2.6); one by a
 * code is found by its grant and costs nothing here. Before the answer is made: a client that cannot be told later gets
 * no ID Token.
 */
export async function noteParticipation(client: Client, session: SessionFacts, sessionClients: SessionClients): Promise<void> {
  if (hearsOfLogout(client)) await sessionClients.remember(session, client.client_id);
}
