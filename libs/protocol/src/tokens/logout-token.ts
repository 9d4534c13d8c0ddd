import { type EncryptPorts, idTokenRecipient, nest } from '../encryption/nested.ts';
import type { Client } from '../model/client.ts';
import type { ProtocolPorts } from '../ports.ts';
import { encode } from '../primitives/base64url.ts';
import { sessionFor, subjectFor } from './pairwise.ts';

/** `typ` of Logout Tokens (Back-Channel Logout §2.4): nothing that takes an ID Token or an access token takes one. */
export const logoutTokenType = 'logout+jwt';

/** The one member of `events` (Back-Channel Logout §2.4). */
const backchannelLogoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** Seconds. "Two minutes in the future" is what §2.4 recommends at most. */
const life = 120;

/** A session of a person that has ended, as one client knew it. */
export interface EndedSession {
  client: Client;
  sub: string;
  sid: string;
}

export type LogoutTokenPorts = Pick<ProtocolPorts, 'issuer' | 'signingKeys' | 'random' | 'pairwiseKey'> & EncryptPorts;

/**
 * A Logout Token (OpenID Connect Back-Channel Logout 1.0 §2.4), made anew for each attempt: `jti` and `exp` are of the
 * attempt. Signed, and encrypted, like the client's ID Tokens. `nonce` is forbidden, so that it never passes for one.
 */
export async function makeLogoutToken({ client, sub, sid }: EndedSession, ports: LogoutTokenPorts, now: number): Promise<string> {
  const iat = Math.floor(now / 1000);
  const signed = ports.signingKeys.sign(client.id_token_signed_response_alg, logoutTokenType, {
    iss: ports.issuer,
    sub: subjectFor(client, sub, ports),
    aud: client.client_id,
    iat,
    exp: iat + life,
    jti: encode(ports.random.bytes(16)),
    events: { [backchannelLogoutEvent]: {} },
    sid: sessionFor(client, sid, ports),
  });
  const recipient = await idTokenRecipient(client, ports);
  return recipient ? await nest(signed, recipient) : signed;
}
