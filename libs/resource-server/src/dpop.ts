import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify } from 'jose';
import type { DpopNonces } from './dpop-nonce.ts';
import type { DpopOptions, ReplayMemory } from './options.ts';
import { type GuardRequest, pathOf, valuesOf } from './request.ts';

/** Algorithms that proofs may be signed by; asymmetric only (RFC 9449 §4.3). */
export const proofAlgorithms = ['ES256', 'PS256', 'RS256', 'EdDSA', 'Ed25519', 'ES384', 'ES512'] as const;
const longestProof = 8192;

export interface ProofContext {
  token: string;
  /** `cnf.jkt` of the token. */
  jkt: string;
  publicUrl: string;
  options: DpopOptions;
  replayMemory: ReplayMemory;
  nonces: DpopNonces | undefined;
  clockTolerance: number;
}

export type ProofFault = { fault: 'invalid_dpop_proof' | 'use_dpop_nonce'; description: string };

/** RFC 9449 §4.3 and §7.1: undefined when the proof shows the key that the token is bound to, for this request, now and once. */
export async function findProofFault(request: GuardRequest, context: ProofContext, now: number): Promise<ProofFault | undefined> {
  const [proof, more] = valuesOf(request, 'dpop');
  // Node joins repeated headers of this name by a comma, which no JWT has.
  if (proof === undefined || more !== undefined || proof.length > longestProof) return invalid('exactly one DPoP proof is needed');
  const verified = await verify(proof);
  if (!verified) return invalid('the DPoP proof is not a valid JWT of type dpop+jwt');
  const { payload, thumbprint } = verified;
  if (thumbprint !== context.jkt) return invalid('the DPoP proof is by another key than the token is bound to');
  if (payload['htm'] !== request.method) return invalid('htm is not the method');
  if (!isSameAddress(payload['htu'], context.publicUrl + pathOf(request))) return invalid('htu is not the address');
  if (payload['ath'] !== createHash('sha256').update(context.token).digest('base64url')) return invalid('ath is not the token’s hash');
  if (typeof payload.jti !== 'string' || payload.jti === '' || payload.jti.length > 512) return invalid('jti is missing');
  if (context.nonces && !context.nonces.isGood(payload['nonce'], now)) {
    return { fault: 'use_dpop_nonce', description: 'a nonce of this server is needed' };
  }
  const life = (context.options.proofLife ?? 60) + context.clockTolerance;
  if (typeof payload.iat !== 'number' || Math.abs(now / 1000 - payload.iat) > life) return invalid('the proof is too old');
  // Last, so that only proofs that would count fill the memory.
  const key = createHash('sha256').update(`${thumbprint} ${payload.jti}`).digest('base64url');
  const isFirst = await context.replayMemory.markOnce(key, now + 2 * life * 1000);
  return isFirst ? undefined : invalid('the proof has been used');
}

async function verify(proof: string) {
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: [...proofAlgorithms] });
    const { jwk } = protectedHeader;
    // EmbeddedJWK has refused private and symmetric ones.
    return jwk && { payload, thumbprint: await calculateJwkThumbprint(jwk) };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** RFC 9449 §4.3 (9): without query and fragment, after normalization (RFC 3986 §6.2.2, §6.2.3). */
function isSameAddress(htu: unknown, address: string): boolean {
  if (typeof htu !== 'string' || !URL.canParse(htu) || !URL.canParse(address)) return false;
  const [one, other] = [new URL(htu), new URL(address)];
  return one.origin === other.origin && one.pathname === other.pathname && one.username === '' && one.password === '';
}

function invalid(description: string): ProofFault {
  return { fault: 'invalid_dpop_proof', description };
}
