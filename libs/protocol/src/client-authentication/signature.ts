import { compactVerify, type JWK } from 'jose';
import type { Client } from '../model/client.ts';
import type { ProtocolPorts } from '../ports.ts';
import { allowsAlgorithm, rulesFor } from '../profiles/index.ts';

/** Asymmetric algorithms only: a public key can't be taken for an HMAC's secret (RFC 8725 §2.1). Discovery lists them. */
export const clientSignatureAlgorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'PS384', 'PS512', 'RS256'] as const;

type Header = Record<string, unknown>;

/** Whether one of the client's own keys signed a JWS: an assertion (RFC 7523) or a request object (RFC 9101). */
export async function isSignedByClient(jws: string, header: Header, client: Client, ports: Pick<ProtocolPorts, 'clientKeys' | 'policy'>) {
  if (!allowsAlgorithm(header['alg'], rulesFor(client, ports.policy))) return false;
  const known = await ports.clientKeys.find(client, false);
  if (await verifiesWithAny(jws, header, known.keys)) return true;
  // A key that was added since the set was fetched: ask once more; the port limits how often.
  if (client.jwks_uri === undefined) return false;
  const fresh = await ports.clientKeys.find(client, true);
  return fresh.keys !== known.keys && (await verifiesWithAny(jws, header, fresh.keys));
}

/** Whether one of the keys made the signature. */
export async function verifiesWithAny(jws: string, header: Header, keys: readonly Record<string, unknown>[]): Promise<boolean> {
  const candidates = keys.filter((key) => isCandidate(key, header)).slice(0, 8);
  for (const key of candidates) {
    try {
      await compactVerify(jws, key as JWK, { algorithms: [...clientSignatureAlgorithms] });
      return true;
    } catch {
      // Not this key, or not for this algorithm; jose says why, and all of it means the same here.
    }
  }
  return false;
}

const keyTypes: Record<string, string> = { ES: 'EC', Ed: 'OKP', PS: 'RSA', RS: 'RSA' };

function isCandidate(key: Record<string, unknown>, { alg, kid }: Header): boolean {
  if (typeof alg !== 'string' || key['kty'] !== keyTypes[alg.slice(0, 2)]) return false;
  if (key['use'] !== undefined && key['use'] !== 'sig') return false;
  if (key['alg'] !== undefined && key['alg'] !== alg) return false;
  return kid === undefined || key['kid'] === undefined || key['kid'] === kid;
}
