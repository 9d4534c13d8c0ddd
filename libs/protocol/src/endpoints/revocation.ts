import { OAuthError } from '@authority/errors';
import { authenticateClient } from '../client-authentication/index.ts';
import type { ClientAuthenticationPorts } from '../client-authentication/method.ts';
import type { RevocationEndpoint } from '../model/endpoint.ts';
import type { Client } from '../model/client.ts';
import type { ProtocolPorts } from '../ports.ts';
import { collectStrictly, required } from '../primitives/parameters.ts';
import { readAccessToken } from '../tokens/access-token.ts';
import { isRefreshToken, readRefreshToken } from '../tokens/refresh-token.ts';

export type RevocationPorts = ClientAuthenticationPorts &
  Pick<ProtocolPorts, 'signingKeys' | 'sealingKeys' | 'revocations' | 'grants' | 'refreshTokenMac'>;

/** POST /oauth2/revoke (RFC 7009 §2). A token that is unknown, expired or revoked before is a success (§2.2). */
export function createRevocationEndpoint(ports: RevocationPorts): RevocationEndpoint {
  return {
    async revoke(request, now) {
      const parameters = collectStrictly(request.parameters);
      const client = await authenticateClient(request, parameters, ports, now);
      const token = required(parameters, 'token');
      if (isRefreshToken(token)) await revokeGrant(token, client, ports, now);
      else await revokeAccessToken(token, client, ports, now);
    },
  };
}

/** A refresh token takes its grant and all access tokens under it along (§2.1), any generation of it. */
async function revokeGrant(token: string, client: Client, { grants, ...ports }: RevocationPorts, now: number): Promise<void> {
  const parts = readRefreshToken(token, ports);
  if (typeof parts === 'string') return;
  const { grant } = await grants.read(parts, now);
  if (!grant) return;
  assertIssuedTo(grant.client_id, client);
  await grants.revoke(grant.grant_id, parts.partition, 'revoked_by_client', grant.expiresAt);
}

async function revokeAccessToken(token: string, client: Client, ports: RevocationPorts, now: number): Promise<void> {
  const claims = readAccessToken(token, ports);
  if (!claims || claims.exp * 1000 <= now) return;
  assertIssuedTo(claims.client_id, client);
  await ports.revocations.revokeToken({ jti: claims.jti, exp: claims.exp });
}

/** §2.1: "if this validation fails, the request is refused and the client is informed of the error". */
function assertIssuedTo(client_id: string, client: Client): void {
  if (client_id !== client.client_id) {
    throw new OAuthError('invalid_grant', 'token_of_other_client', { description: 'the token was issued to another client' });
  }
}
