import { encrypt, recipientFor } from '../encryption/encrypt.ts';
import { encryptionFor } from '../encryption/nested.ts';
import type { Client } from '../model/client.ts';
import type { UserInfoResponse } from '../model/request.ts';
import type { ProtocolPorts } from '../ports.ts';

export type UserInfoAnswerPorts = Pick<ProtocolPorts, 'issuer' | 'signingKeys' | 'clientKeys'>;

/** As ID Tokens, which clients expect here. It has no `exp`, without which nothing is read as an ID Token. */
const userInfoType = 'JWT';

/**
 * The claims as the client wants them (OpenID Connect Core §5.3.2): JSON; a JWT with `iss` and `aud`; either of them
 * encrypted, what is signed as a nested JWT.
 */
export function userInfoAnswer(
  claims: Record<string, unknown>,
  client: Client,
  ports: UserInfoAnswerPorts,
): UserInfoResponse | Promise<UserInfoResponse> {
  const alg = client.userinfo_signed_response_alg;
  const body = alg ? signed(claims, client, alg, ports) : JSON.stringify(claims);
  const encryption = encryptionFor(client, 'userinfo');
  if (!encryption) return { body, content_type: alg ? 'application/jwt' : 'application/json', dpop_nonce: '' };
  return recipientFor(client, encryption, ports.clientKeys)
    .then((recipient) => encrypt(body, recipient, alg ? 'JWT' : undefined))
    .then((jwe) => ({ body: jwe, content_type: 'application/jwt', dpop_nonce: '' }));
}

function signed(
  claims: Record<string, unknown>,
  client: Client,
  alg: NonNullable<Client['userinfo_signed_response_alg']>,
  { signingKeys, issuer }: UserInfoAnswerPorts,
): string {
  return signingKeys.sign(alg, userInfoType, { ...claims, iss: issuer, aud: client.client_id });
}
