import type { EdgeRequest } from './request.ts';
import { type Answer, json } from './answer.ts';
import type { Refusal } from './refusal.ts';

/** How an endpoint shows a refusal. */
export type RenderRefusal = (refusal: Refusal, request: EdgeRequest) => Answer;

/** RFC 6749 §5.2: JSON, and 401 with a challenge for a client that is not who it says. */
export const clientError =
  (issuer: string): RenderRefusal =>
  (refusal) =>
    errorJson(refusal, refusal.status === 401 ? (refusal.challenge ?? `Basic realm="${issuer}", charset="UTF-8"`) : undefined);

/**
 * RFC 6750 §3: the challenge carries the error; none when no token was sent at all (§3.1). 400 also gets one, so that a
 * client that sent a token in two ways learns why.
 */
export const bearerError =
  (issuer: string): RenderRefusal =>
  (refusal) => {
    if (refusal.status >= 500 || refusal.status === 413 || refusal.status === 429) return errorJson(refusal, undefined);
    if (refusal.reason === 'token_missing' || refusal.reason === 'registration_token_missing') {
      return errorJson({ ...refusal, status: 401 }, refusal.challenge ?? `Bearer realm="${issuer}"`);
    }
    const details = `error="${quotable(refusal.error)}", error_description="${quotable(refusal.description)}"`;
    // RFC 9449 §7.1: at a protected resource a proof that does not hold is 401; at the token endpoint it is 400 (§5).
    const aboutProof = refusal.error === 'invalid_dpop_proof' || refusal.error === 'use_dpop_nonce';
    return errorJson(aboutProof ? { ...refusal, status: 401 } : refusal, refusal.challenge ?? `Bearer realm="${issuer}", ${details}`);
  };

/** RFC 7591 §3.2.2: like RFC 6749's, but the registration endpoint's credentials are bearer tokens. */
export const registrationError = (issuer: string): RenderRefusal => {
  const bearer = bearerError(issuer);
  return (refusal, request) =>
    refusal.status === 401 || refusal.reason.endsWith('token_missing') ? bearer(refusal, request) : errorJson(refusal, undefined);
};

export const plainError: RenderRefusal = (refusal) => errorJson(refusal, undefined);

function errorJson(refusal: Refusal, challenge: string | undefined): Answer {
  const { error, description, retryAfter, dpopNonce } = refusal;
  const body = JSON.stringify(description === '' ? { error } : { error, error_description: quotable(description) });
  return json(refusal.status, body, {
    ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
    ...(dpopNonce === undefined ? {} : { 'dpop-nonce': dpopNonce }),
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  });
}

/** RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E. */
const quotable = (text: string): string => text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "'");
