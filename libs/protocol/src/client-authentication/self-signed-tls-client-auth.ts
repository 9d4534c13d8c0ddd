import type { Client } from '../model/client.ts';
import { publicJwkOf } from '../primitives/certificate.ts';
import { invalidClient } from '../primitives/challenge.ts';
import { equalBytes } from '../primitives/constant-time.ts';
import { jwkThumbprint, readPublicJwk } from '../primitives/jwk-thumbprint.ts';
import { byConnection } from './connection.ts';
import type { ClientAuthenticationMethod, ClientAuthenticationPorts } from './method.ts';

/** A certificate of the client's own making, for a key that is in its JWK Set (RFC 8705 §2.2). No chain is looked at. */
export const selfSignedTlsClientAuth: ClientAuthenticationMethod = {
  name: 'self_signed_tls_client_auth',
  present: byConnection,

  verifyConnection({ tls_client_certificate }, client, ports) {
    if (tls_client_certificate.byteLength === 0) throw invalidClient('client_certificate_missing');
    return assertRegistered(tls_client_certificate, client, ports);
  },
};

async function assertRegistered(certificate: Uint8Array, client: Client, ports: ClientAuthenticationPorts): Promise<void> {
  const key = readPublicJwk(publicJwkOf(certificate) ?? {});
  const thumbprint = key && jwkThumbprint(key);
  if (thumbprint === undefined) throw invalidClient('client_certificate_wrong');
  const known = await ports.clientKeys.find(client, false);
  if (known.keys.some((jwk) => isFor(jwk, certificate, thumbprint))) return;
  // A key that was added since the set was fetched: ask once more; the port limits how often.
  if (client.jwks_uri !== undefined) {
    const fresh = await ports.clientKeys.find(client, true);
    if (fresh.keys.some((jwk) => isFor(jwk, certificate, thumbprint))) return;
  }
  throw invalidClient('client_certificate_wrong');
}

/** Where the key comes with its certificate (`x5c`, RFC 8705 §2.2.2), that very certificate; else the key is enough. */
function isFor(jwk: Record<string, unknown>, certificate: Uint8Array, thumbprint: string): boolean {
  const { use, x5c } = jwk;
  const key = readPublicJwk(jwk);
  if (!key || use === 'enc' || jwkThumbprint(key) !== thumbprint) return false;
  if (x5c === undefined) return true;
  const leaf: unknown = Array.isArray(x5c) ? x5c[0] : undefined;
  return typeof leaf === 'string' && equalBytes(Buffer.from(leaf, 'base64'), certificate);
}
