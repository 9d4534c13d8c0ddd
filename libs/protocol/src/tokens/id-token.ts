import type { Authentication, Authorization } from '../model/authorization.ts';
import type { SigningKeys } from '../ports.ts';
import { halfHash } from '../primitives/hash.ts';
import { type PairwisePorts, sessionFor, subjectFor } from './pairwise.ts';

/** `typ` of ID Tokens; no other JWT of this server has it. */
export const idTokenType = 'JWT';

/** Seconds. Only as long as a client needs to read it; nothing accepts it as a credential. */
const life = 3600;

/**
 * Claims of an ID Token (OpenID Connect Core §2). `azp` is not among them: the audience is the client alone, and §2 asks
 * for `azp` only where the audience is another.
 */
export function idTokenClaims(
  authorization: Authorization,
  authentication: Authentication,
  /** Empty when none goes along. */
  accessToken: string,
  ports: PairwisePorts,
  now: number,
): Record<string, unknown> {
  const iat = Math.floor(now / 1000);
  const { client } = authorization;
  const alg = client.id_token_signed_response_alg;
  const claims: Record<string, unknown> = {
    // First, so that nothing that is said of the person replaces what is said of the sign-in.
    ...authorization.about,
    iss: ports.issuer,
    sub: subjectFor(client, authorization.sub, ports),
    aud: client.client_id,
    exp: iat + life,
    iat,
    acr: authentication.acr,
    // RFC 8176 has no word for who signed in somewhere else.
    ...(authentication.amr.length > 0 && { amr: authentication.amr }),
    ...(authentication.sid !== undefined && { sid: sessionFor(client, authentication.sid, ports) }),
  };
  // OpenID Connect Core §3.1.3.6, §3.2.2.10, §3.3.2.11: the hash of what travels with it, so that neither can be swapped.
  if (accessToken !== '') claims['at_hash'] = halfHash(accessToken, alg);
  if (authorization.code !== undefined) claims['c_hash'] = halfHash(authorization.code, alg);
  if (authentication.authTimeRequired) claims['auth_time'] = authentication.auth_time;
  if (authorization.nonce !== undefined) claims['nonce'] = authorization.nonce;
  return claims;
}

/** What an id_token_hint tells (OpenID Connect Core §3.1.2.1): subject and session as its client knows them. */
export interface IdTokenHint {
  sub: string;
  client_id: string;
  sid: string | undefined;
}

/** Reads an ID Token that this server made, expired or not. Undefined for anything else. */
export function readIdTokenHint(jws: string, keys: SigningKeys, issuer: string): IdTokenHint | undefined {
  if (jws.length > 8192) return undefined;
  const claims = keys.verify(jws, idTokenType);
  if (claims?.['iss'] !== issuer) return undefined;
  const { sub, aud, sid, exp } = claims;
  // A signed UserInfo answer is of the same type, and has no end.
  if (typeof sub !== 'string' || typeof aud !== 'string' || typeof exp !== 'number') return undefined;
  return { sub, client_id: aud, sid: typeof sid === 'string' ? sid : undefined };
}
