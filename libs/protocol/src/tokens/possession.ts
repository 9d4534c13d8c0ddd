import { OAuthError, type OAuthErrorOptions, type Reason } from '@authority/errors';
import type { Confirmation } from '../model/authorization.ts';
import type { Evidence } from '../model/request.ts';
import { bearerError, type DpopErrorCode, dpopError } from '../primitives/challenge.ts';
import { certificateThumbprint } from './confirmation.ts';
import { assertProof, type DpopPorts, proofAlgorithms } from './dpop.ts';

/** An access token as a request to a protected resource brings it. */
export interface PresentedToken {
  token: string;
  scheme: 'Bearer' | 'DPoP';
}

const invalid = 'the access token is not valid';

/**
 * Whoever presents a token that is bound to a key must show that key (RFC 9449 §7.1, RFC 8705 §3). A bound token is never
 * taken as a bearer token (RFC 9449 §7.2), nor one that is bound to nothing as a bound one.
 */
export async function assertPossession(
  bound: Confirmation | undefined,
  { token, scheme }: PresentedToken,
  evidence: Evidence,
  ports: DpopPorts,
  now: number,
): Promise<void> {
  const certificate = bound?.['x5t#S256'];
  if (certificate !== undefined && certificate !== certificateThumbprint(evidence)) {
    throw bearerError('invalid_token', 'token_of_other_key', invalid);
  }
  if (bound?.jkt === undefined) {
    if (scheme === 'DPoP') throw refused('invalid_token', 'token_binding_missing', invalid);
    return;
  }
  if (scheme !== 'DPoP') throw refused('invalid_token', 'token_binding_missing', invalid);
  if ((await prove(token, evidence, ports, now)) !== bound.jkt) throw refused('invalid_token', 'token_of_other_key', invalid);
}

/** A proof that does not hold is told in the challenge, as everything at a protected resource (RFC 9449 §7.1, §9). */
async function prove(token: string, evidence: Evidence, ports: DpopPorts, now: number): Promise<string> {
  if (evidence.dpop === '') throw refused('invalid_token', 'dpop_proof_missing', 'the access token needs a DPoP proof');
  try {
    return await assertProof(evidence, ports, now, token);
  } catch (error) {
    if (!(error instanceof OAuthError) || (error.error !== 'invalid_dpop_proof' && error.error !== 'use_dpop_nonce')) throw error;
    const { reason, description = '', dpopNonce, cause } = error;
    throw refused(error.error, reason, description, { cause, ...(dpopNonce !== undefined && { dpopNonce }) });
  }
}

function refused(error: DpopErrorCode, reason: Reason, description: string, options?: OAuthErrorOptions): OAuthError {
  return dpopError(error, reason, description, proofAlgorithms, options);
}
