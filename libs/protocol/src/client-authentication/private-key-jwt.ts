import { presentAssertion } from './client-assertion.ts';
import { isSecretAlgorithm } from './client-secret-jwt.ts';
import type { ClientAuthenticationMethod } from './method.ts';
import { clientSignatureAlgorithms, isSignedByClient } from './signature.ts';

/** A JWT that the client signed with its key (RFC 7523 §2.2, RFC 10070; OpenID Connect Core §9 `private_key_jwt`). */
export const privateKeyJwt: ClientAuthenticationMethod = {
  name: 'private_key_jwt',
  signingAlgorithms: clientSignatureAlgorithms,
  // Whatever is malformed is refused here as well: it is an attempt at authentication, and never none.
  present: (request, parameters) => presentAssertion(request, parameters, isOtherAlgorithm, isSignedByClient),
};

function isOtherAlgorithm(alg: unknown): boolean {
  return !isSecretAlgorithm(alg);
}
