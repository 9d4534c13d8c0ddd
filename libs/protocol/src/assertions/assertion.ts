import { OAuthError, type Reason } from '@authority/errors';
import { clientSignatureAlgorithms, verifiesWithAny } from '../client-authentication/signature.ts';
import type { Client } from '../model/client.ts';
import type { TrustedIssuer } from '../model/trusted-issuer.ts';
import type { ProtocolPorts } from '../ports.ts';
import { readUnverified } from '../primitives/jwt.ts';
import { allowsAlgorithm, rulesFor } from '../profiles/index.ts';

export type AssertionPorts = Pick<ProtocolPorts, 'issuer' | 'trustedIssuers' | 'replayMarks' | 'policy'>;

/** Clocks may differ by this many seconds (RFC 7523 §3, "some small leeway"). */
const leeway = 30;
const longest = 16_384;

/** What was asserted, by whom, about whom; nothing of it is unverified. */
export interface Assertion {
  issuer: TrustedIssuer;
  sub: string;
  /** Seconds. */
  exp: number;
  claims: Readonly<Record<string, unknown>>;
}

/**
 * The one check of a JWT that a trusted issuer signed (RFC 7523 §3, RFC 8725): who signed it before what it says, and its
 * mark last, so that only what the issuer signed may take one. Good once, over all replicas.
 */
export async function verifyAssertion(jws: string, client: Client, ports: AssertionPorts, now: number): Promise<Assertion> {
  const jwt = jws.length <= longest ? readUnverified(jws) : undefined;
  if (!jwt) throw refusal('assertion_malformed');
  assertHeader(jwt.header);
  if (!allowsAlgorithm(jwt.header['alg'], rulesFor(client, ports.policy))) throw refusal('profile_refused');
  const issuer = findIssuer(jwt.payload['iss'], client, ports);
  const facts = assertClaims(jwt.payload, issuer, ports.issuer, now);
  await assertSignature(jws, jwt.header, issuer, ports);
  await markOnce(issuer, facts, ports);
  return { issuer, sub: facts.sub, exp: facts.exp, claims: jwt.payload };
}

/** Explicit typing (RFC 8725 §3.11): a client assertion, an access token or a logout token is no grant. */
function assertHeader({ typ, crit, alg }: Record<string, unknown>): void {
  const isGrant = typ === undefined || (typeof typ === 'string' && /^(?:application\/)?(?:authorization-grant\+)?jwt$/i.test(typ));
  const isAsymmetric = typeof alg === 'string' && clientSignatureAlgorithms.some((known) => known === alg);
  if (!isGrant || !isAsymmetric || crit !== undefined) throw refusal('assertion_malformed');
}

/** Trusted by the server, and by the operator for this client. What this server signed is never an assertion. */
function findIssuer(iss: unknown, client: Client, { issuer, trustedIssuers }: AssertionPorts): TrustedIssuer {
  if (typeof iss !== 'string' || iss === issuer) throw refusal('assertion_issuer_foreign');
  const found = client.jwtBearerIssuers?.includes(iss) ? trustedIssuers.find(iss) : undefined;
  if (!found || found.disabled) throw refusal('assertion_issuer_foreign');
  return found;
}

interface Facts {
  sub: string;
  jti: string;
  exp: number;
  issuedAt: number;
}

/** RFC 7523 §3, with the audience of RFC 10070: this server and nobody else, who could replay it here. */
function assertClaims(claims: Record<string, unknown>, issuer: TrustedIssuer, self: string, now: number): Facts {
  const { sub, aud, jti, exp, iat, nbf } = claims;
  const seconds = now / 1000;
  const sole: unknown = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud;
  if (sole !== self) throw refusal('assertion_audience_wrong');
  if (!isName(sub) || !isName(jti) || typeof exp !== 'number' || !Number.isFinite(exp)) throw refusal('assertion_malformed');
  if (exp + leeway <= seconds) throw refusal('assertion_expired');
  if (exp > seconds + issuer.assertionLifetime + leeway) throw refusal('assertion_lifetime');
  for (const time of [iat, nbf]) {
    if (time !== undefined && (typeof time !== 'number' || !(time <= seconds + leeway))) throw refusal('assertion_lifetime');
  }
  if (issuer.allowedSubjects.length > 0 && !issuer.allowedSubjects.includes(sub)) throw refusal('assertion_subject_foreign');
  // Without iat it counts as issued its longest life before its end (house.md, epochs).
  return { sub, jti, exp, issuedAt: typeof iat === 'number' ? iat : exp - issuer.assertionLifetime };
}

/** Short enough to be kept, and nothing that a store or a log line stumbles over. */
function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 255 && value.isWellFormed() && !/\p{Cc}/u.test(value);
}

async function assertSignature(jws: string, header: Record<string, unknown>, issuer: TrustedIssuer, { trustedIssuers }: AssertionPorts) {
  const known = await trustedIssuers.keys(issuer, false);
  if (await verifiesWithAny(jws, header, known.keys)) return;
  // A key that was added since the set was fetched: ask once more; the port limits how often.
  if (issuer.jwks_uri !== undefined) {
    const fresh = await trustedIssuers.keys(issuer, true);
    if (fresh.keys !== known.keys && (await verifiesWithAny(jws, header, fresh.keys))) return;
  }
  throw refusal('assertion_signature_wrong');
}

/** As for client assertions: the epoch is asked again after the mark, for a store that was lost in between (house.md). */
async function markOnce(issuer: TrustedIssuer, { jti, exp, issuedAt }: Facts, { replayMarks }: AssertionPorts): Promise<void> {
  const assertSinceEpoch = (): void => {
    if (issuedAt * 1000 < replayMarks.epochStartedAt()) throw refusal('assertion_before_epoch');
  };
  assertSinceEpoch();
  const first = await replayMarks.markOnce('assertion_grant', `${issuer.trusted_issuer_id}:${jti}`, (exp + leeway) * 1000);
  assertSinceEpoch();
  if (!first) throw refusal('assertion_replayed');
}

/** One answer for all of them (RFC 7521 §4.1.1); the log has the truth. */
function refusal(reason: Reason): OAuthError {
  return new OAuthError('invalid_grant', reason, { description: 'the assertion is not valid' });
}
