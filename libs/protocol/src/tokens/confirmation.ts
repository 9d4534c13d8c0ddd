import { createHash } from 'node:crypto';
import { OAuthError } from '@authority/errors';
import type { Confirmation } from '../model/authorization.ts';
import { type Client, isPublic } from '../model/client.ts';
import type { EndpointRequest, Evidence } from '../model/request.ts';
import { allowsAlgorithm, rulesFor } from '../profiles/index.ts';
import { assertProof, type DpopPorts, invalidProof, readProof } from './dpop.ts';

/** Whether a token request's tokens are bound to a key. Three fields: most requests are done with that. */
export function isSenderConstrained({ evidence }: EndpointRequest, client: Client): boolean {
  return evidence.dpop !== '' || client.dpop_bound_access_tokens === true || client.tls_client_certificate_bound_access_tokens === true;
}

/**
 * What the tokens of a request are bound to (RFC 7800 `cnf`): the key of its DPoP proof (RFC 9449 §6), the certificate of
 * its connection (RFC 8705 §3), or both. A client that is registered for one never gets a token without it.
 */
export async function confirm(request: EndpointRequest, client: Client, ports: DpopPorts, now: number): Promise<Confirmation> {
  const { evidence } = request;
  if (client.dpop_bound_access_tokens && evidence.dpop === '') throw invalidProof('dpop_proof_missing');
  const rules = rulesFor(client, ports.policy);
  if (rules && evidence.dpop !== '' && !allowsAlgorithm(readProof(evidence.dpop)?.alg, rules)) throw invalidProof('profile_refused');
  const certificate = client.tls_client_certificate_bound_access_tokens ? certificateConfirmation(evidence) : undefined;
  return { ...certificate, ...(evidence.dpop !== '' && { jkt: await assertProof(evidence, ports, now) }) };
}

function certificateConfirmation(evidence: Evidence): Confirmation {
  const thumbprint = certificateThumbprint(evidence);
  if (thumbprint === undefined) {
    throw new OAuthError('invalid_request', 'client_certificate_missing', {
      description: 'a client certificate is needed on the connection',
    });
  }
  return { 'x5t#S256': thumbprint };
}

/** SHA-256 over the DER of the connection's client certificate (RFC 8705 §3.1). */
export function certificateThumbprint({ tls_client_certificate }: Evidence): string | undefined {
  if (tls_client_certificate.byteLength === 0) return undefined;
  return createHash('sha256').update(tls_client_certificate).digest('base64url');
}

/**
 * What a refresh token is bound to: of public clients the key that they showed (RFC 9449 §5, RFC 8705 §4). Those of
 * others are bound to their authentication, so that they can change their keys.
 */
export function grantConfirmation(client: Client, confirmation: Confirmation | undefined): Confirmation | undefined {
  return isPublic(client) ? confirmation : undefined;
}

/** Whether a request shows all that something is bound to. */
export function satisfies(shown: Confirmation | undefined, bound: Confirmation | undefined): boolean {
  if (bound === undefined) return true;
  if (bound.jkt !== undefined && bound.jkt !== shown?.jkt) return false;
  return bound['x5t#S256'] === undefined || bound['x5t#S256'] === shown?.['x5t#S256'];
}
