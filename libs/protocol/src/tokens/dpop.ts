import { createHash } from 'node:crypto';
import { OAuthError, type Reason } from '@authority/errors';
import { compactVerify } from 'jose';
import type { Evidence } from '../model/request.ts';
import type { ProtocolPorts } from '../ports.ts';
import { isThumbprint, jwkThumbprint, type PublicJwk, readPublicJwk } from '../primitives/jwk-thumbprint.ts';
import { isObject, readUnverified } from '../primitives/jwt.ts';
import { namesRequest } from '../primitives/request-url.ts';

export type DpopPorts = Pick<ProtocolPorts, 'replayMarks' | 'dpopNonces' | 'policy'>;

/** Asymmetric ones only (RFC 9449 §4.3). Discovery lists them. */
export const proofAlgorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256', 'PS384', 'PS512', 'RS256'] as const;

/** A proof without a nonce is good for this many seconds after its `iat`; clocks may differ by the leeway. */
const longestAge = 60;
const leeway = 30;
/** How long a nonce of ours may be used, in milliseconds. */
const nonceLife = 300_000;
/** An EC proof has 500 characters, one with an RSA key of 4096 bits 2,000. */
const longestProof = 4096;

interface Proof {
  alg: string;
  key: PublicJwk;
  jti: string;
  htm: string;
  htu: string;
  /** Seconds. */
  iat: number;
  ath?: string;
  nonce?: string;
}

/** When a proof can first have been used, and from when it cannot be used any more; Unix milliseconds. */
interface Lifetime {
  from: number;
  until: number;
}

/**
 * Verifies the DPoP proof of a request (RFC 9449 §4.3) and answers the thumbprint of its key. With an access token, at a
 * protected resource, the proof must name it (`ath`). Whatever needs neither a signature nor a store is judged first.
 */
export async function assertProof(evidence: Evidence, ports: DpopPorts, now: number, accessToken?: string): Promise<string> {
  const proof = readProof(evidence.dpop);
  if (!proof) throw invalidProof('dpop_proof_malformed');
  if (proof.htm !== evidence.method || !namesRequest(proof.htu, evidence.url)) throw invalidProof('dpop_proof_of_other_request');
  if (accessToken !== undefined && proof.ath !== hashOf(accessToken)) throw invalidProof('dpop_proof_of_other_token');
  const life = proof.nonce === undefined ? lifeByClock(proof, ports, now) : lifeByNonce(proof.nonce, ports, now);
  await assertSignature(evidence.dpop, proof);

  const jkt = jwkThumbprint(proof.key);
  // Marks from before the epoch may be lost, so a proof as old as that may have been used (house.md, epochs). Asked again
  // after the mark: a store that was lost in between has begun a new epoch, and this mark is the first of that one.
  assertSinceEpoch(life, ports, now);
  const first = await ports.replayMarks.markOnce('dpop_proof', `${jkt}:${proof.jti}`, life.until);
  assertSinceEpoch(life, ports, now);
  if (!first) throw invalidProof('dpop_proof_replayed');
  return jkt;
}

/** Takes a proof apart, nothing verified; undefined for whatever is none (RFC 9449 §4.2). Several headers arrive as one, joined by a comma, which no proof has. */
export function readProof(text: string): Proof | undefined {
  const jwt = text.length <= longestProof ? readUnverified(text) : undefined;
  if (!jwt) return undefined;
  const { typ, alg, jwk, crit } = jwt.header;
  if (typ !== 'dpop+jwt' || crit !== undefined || !isProofAlgorithm(alg) || !isObject(jwk)) return undefined;
  const key = readPublicJwk(jwk);
  const { jti, htm, htu, iat, ath, nonce } = jwt.payload;
  if (!key || typeof jti !== 'string' || jti === '' || jti.length > 256) return undefined;
  if (typeof htm !== 'string' || typeof htu !== 'string' || typeof iat !== 'number') return undefined;
  if ((ath !== undefined && typeof ath !== 'string') || (nonce !== undefined && typeof nonce !== 'string')) return undefined;
  return { alg, key, jti, htm, htu, iat, ...(ath !== undefined && { ath }), ...(nonce !== undefined && { nonce }) };
}

function isProofAlgorithm(alg: unknown): alg is string {
  return proofAlgorithms.some((known) => known === alg);
}

/** `dpop_jkt` of an authorization request (RFC 9449 §10): the thumbprint of the key that will redeem the code. */
export function readDpopJkt(value: string | undefined): string | undefined {
  if (value === undefined || isThumbprint(value)) return value;
  throw new OAuthError('invalid_request', 'parameter_invalid', { description: 'dpop_jkt is not a JWK thumbprint (SHA-256, base64url)' });
}

/** By the client's clock (RFC 9449 §11.1), where the server does not insist on its own. */
function lifeByClock({ iat }: Proof, ports: DpopPorts, now: number): Lifetime {
  if (ports.policy.dpopNonceRequired()) throw useNonce('dpop_nonce_missing', ports, now);
  const issuedAt = iat * 1000;
  if (!(issuedAt <= now + leeway * 1000) || issuedAt + longestAge * 1000 <= now) throw invalidProof('dpop_proof_expired');
  // Whoever's clock is fast may have used it before the time that it names.
  return { from: issuedAt - leeway * 1000, until: issuedAt + longestAge * 1000 };
}

/** By ours: the nonce says when the proof can have been made at the earliest (RFC 9449 §4.3, 11), whatever `iat` says. */
function lifeByNonce(nonce: string, ports: DpopPorts, now: number): Lifetime {
  const issuedAt = ports.dpopNonces.issuedAt(nonce);
  const usable = issuedAt !== undefined && issuedAt <= now + leeway * 1000 && issuedAt + nonceLife > now;
  if (!usable) throw useNonce('dpop_nonce_invalid', ports, now);
  return { from: issuedAt, until: issuedAt + nonceLife };
}

async function assertSignature(text: string, { alg, key }: Proof): Promise<void> {
  try {
    await compactVerify(text, { ...key, kty: key['kty'] ?? '' }, { algorithms: [alg] });
  } catch (cause) {
    throw invalidProof('dpop_proof_signature_wrong', cause);
  }
}

/** A new nonce is made after the epoch began, so asking for one lets the client go on at once. */
function assertSinceEpoch({ from }: Lifetime, ports: DpopPorts, now: number): void {
  if (from < ports.replayMarks.epochStartedAt()) throw useNonce('dpop_proof_before_epoch', ports, now);
}

function hashOf(accessToken: string): string {
  return createHash('sha256').update(accessToken, 'ascii').digest('base64url');
}

/** RFC 9449 §5: one text, the log has the reason. */
export function invalidProof(reason: Reason, cause?: unknown): OAuthError {
  return new OAuthError('invalid_dpop_proof', reason, { description: 'the DPoP proof is missing or not valid for this request', cause });
}

/** RFC 9449 §8: the same request again, with this nonce in its proof. */
function useNonce(reason: Reason, { dpopNonces }: DpopPorts, now: number): OAuthError {
  return new OAuthError('use_dpop_nonce', reason, {
    description: 'the DPoP proof needs the nonce of this answer',
    dpopNonce: dpopNonces.make(now),
  });
}

/**
 * An answer to a request with a proof, success or error, brings a nonce for the next one (RFC 9449 §8.2): no client has to
 * be refused to get a fresh one.
 */
export async function withDpopNonce<A extends { dpop_nonce: string }>(
  answered: Promise<A>,
  { dpopNonces }: DpopPorts,
  now: number,
): Promise<A> {
  try {
    return { ...(await answered), dpop_nonce: dpopNonces.make(now) };
  } catch (error) {
    if (!(error instanceof OAuthError) || error.dpopNonce !== undefined) throw error;
    const { description, challenge, cause } = error;
    throw new OAuthError(error.error, error.reason, {
      ...(description !== undefined && { description }),
      ...(challenge !== undefined && { challenge }),
      ...{ cause, dpopNonce: dpopNonces.make(now) },
    });
  }
}
