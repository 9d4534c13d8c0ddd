import { recipientFor } from '../encryption/encrypt.ts';
import { encryptionFor, nest } from '../encryption/nested.ts';
import type { Client } from '../model/client.ts';
import type { ProtocolPorts } from '../ports.ts';

export type IntrospectionJwtPorts = Pick<ProtocolPorts, 'issuer' | 'signingKeys' | 'clientKeys'>;

/** RFC 9701 §5. */
const introspectionType = 'token-introspection+jwt';

/**
 * An introspection answer that whoever asked can show to others (RFC 9701 §5): for its asker alone, and without `sub` or
 * `exp` of its own, so that it passes for no other kind of token (§8.1).
 */
export async function introspectionJwt(
  token_introspection: Record<string, unknown>,
  asker: Client,
  ports: IntrospectionJwtPorts,
  now: number,
): Promise<string> {
  const claims = { iss: ports.issuer, aud: asker.client_id, iat: Math.floor(now / 1000), token_introspection };
  const jwt = ports.signingKeys.sign(asker.introspection_signed_response_alg ?? 'RS256', introspectionType, claims);
  const encryption = encryptionFor(asker, 'introspection');
  return encryption ? nest(jwt, await recipientFor(asker, encryption, ports.clientKeys)) : jwt;
}
