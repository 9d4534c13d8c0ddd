import { createHmac } from 'node:crypto';
import { decode } from '../primitives/base64url.ts';
import { equalBytes } from '../primitives/constant-time.ts';
import { type IsSigned, presentAssertion } from './client-assertion.ts';
import type { ClientAuthenticationMethod } from './method.ts';

const digests: ReadonlyMap<unknown, string> = new Map([
  ['HS256', 'sha256'],
  ['HS384', 'sha384'],
  ['HS512', 'sha512'],
]);

export function isSecretAlgorithm(alg: unknown): boolean {
  return digests.has(alg);
}

/**
 * A JWT with an HMAC by the client's secret (OpenID Connect Core §9 `client_secret_jwt`). Only secrets that the server made
 * for this method: those of others are kept as digests, and chosen ones could be guessed from one assertion.
 */
export const clientSecretJwt: ClientAuthenticationMethod = {
  name: 'client_secret_jwt',
  signingAlgorithms: ['HS256', 'HS384', 'HS512'],
  present: (request, parameters) => presentAssertion(request, parameters, isSecretAlgorithm, isSignedBySecret),
};

/** RFC 7518 §3.2; the key is the secret's text (OpenID Connect Core §10.1). Two secrets live while one is rotated. */
const isSignedBySecret: IsSigned = (assertion, { alg }, client, { clients }) => {
  const digest = digests.get(alg);
  const end = assertion.lastIndexOf('.');
  const signature = decode(assertion.slice(end + 1));
  if (digest === undefined || !signature) return false;
  const macs = clients
    .signingSecrets(client.client_id)
    .map((secret) => createHmac(digest, secret).update(assertion.slice(0, end)).digest());
  return macs.some((mac) => equalBytes(mac, signature));
};
