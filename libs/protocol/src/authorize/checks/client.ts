import { OAuthError } from '@authority/errors';
import type { Client } from '../../model/client.ts';
import { required } from '../../primitives/parameters.ts';
import { rulesFor, underProfile } from '../../profiles/index.ts';
import type { Asked } from '../request.ts';

/** The client is one of ours and may be used. Its errors stay here (RFC 6749 §4.1.2.1: "MUST NOT automatically redirect"). */
export function readClient({ parameters, ports }: Pick<Asked, 'parameters' | 'ports'>): Client {
  const client = ports.clients.find(required(parameters, 'client_id'));
  if (!client) throw new OAuthError('invalid_client', 'client_unknown', { description: 'the client is not known' });
  if (client.disabled) throw new OAuthError('invalid_client', 'client_disabled', { description: 'the client is not known' });
  return underProfile(client, rulesFor(client, ports.policy));
}
