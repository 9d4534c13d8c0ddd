import type { JwksCache } from '@authority/outbound';
import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Asked } from './authorization.ts';
import type { Endpoints } from './discovery.ts';
import { UpstreamFault } from './fault.ts';
import type { UpstreamProvider } from './provider.ts';

/** Nothing symmetric, and never `none`: the key is the provider's, and public. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];

/** The claims of a provider's ID Token (OpenID Connect Core §3.1.3.7). */
export async function verifyIdToken(
  token: string,
  provider: UpstreamProvider,
  endpoints: Endpoints,
  asked: Asked,
  jwks: JwksCache,
  now: number,
): Promise<JWTPayload> {
  const claims = await verified(token, provider, endpoints, jwks, now);
  if (claims.iss !== endpoints.issuer.replace('{tenantid}', tenantOf(claims))) throw new UpstreamFault('issuer_wrong');
  const { azp } = claims;
  // §3.1.3.7 items 4 and 5: of several audiences ours must be the authorized party.
  if ((Array.isArray(claims.aud) && claims.aud.length > 1 && azp === undefined) || (azp !== undefined && azp !== provider.client_id)) {
    throw new UpstreamFault('id_token_invalid');
  }
  if (claims['nonce'] !== asked.nonce) throw new UpstreamFault('nonce_wrong');
  return claims;
}

/** A tenant is a UUID; nothing else may become part of an issuer. */
const tenantOf = ({ tid }: JWTPayload): string => (typeof tid === 'string' && /^[0-9a-f-]{36}$/i.test(tid) ? tid : '');

async function verified(token: string, provider: UpstreamProvider, { jwks_uri = '' }: Endpoints, jwks: JwksCache, now: number) {
  const options = {
    audience: provider.client_id,
    algorithms,
    clockTolerance: 60,
    currentDate: new Date(now),
    requiredClaims: ['exp', 'iat', 'sub'],
  };
  const check = async (refresh: boolean) =>
    (await jwtVerify(token, createLocalJWKSet(await jwks.get(jwks_uri, { refresh })), options)).payload;
  try {
    return await check(false).catch((error: unknown) => {
      // The provider has rotated its keys.
      if (error instanceof errors.JWKSNoMatchingKey) return check(true);
      throw error;
    });
  } catch (cause) {
    throw new UpstreamFault('id_token_invalid', cause);
  }
}
