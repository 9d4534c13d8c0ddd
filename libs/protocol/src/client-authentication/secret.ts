import type { Client } from '../model/client.ts';
import { invalidClient } from '../primitives/challenge.ts';
import type { ClientAuthenticationPorts } from './method.ts';

/** Compares a client secret at its owner: in memory for those that the server made, slowly for imported ones. */
export function verifySecret(client: Client, secret: string, ports: ClientAuthenticationPorts): void | Promise<void> {
  const matches = ports.clients.verifySecret(client.client_id, secret);
  if (matches instanceof Promise) return matches.then(assertMatches);
  assertMatches(matches);
}

function assertMatches(matches: boolean): void {
  if (!matches) throw invalidClient('client_secret_wrong');
}
