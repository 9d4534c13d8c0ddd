import type { BankVariant } from '../fapi2/bank.ts';

/** Variants of a plan: the column's name, and how the client is played. */
export type Columns = Readonly<Record<string, BankVariant>>;

const [key, certificate] = ['private_key_jwt', 'mtls'] as const;
export const columns: Columns = {
  'private_key_jwt, DPoP': { authentication: key, constraint: 'dpop', request: 'unsigned' },
  'private_key_jwt, mTLS': { authentication: key, constraint: 'mtls', request: 'unsigned' },
  'mTLS, DPoP': { authentication: certificate, constraint: 'dpop', request: 'unsigned' },
  'mTLS, mTLS': { authentication: certificate, constraint: 'mtls', request: 'unsigned' },
};
export const signedColumns: Columns = {
  'private_key_jwt, DPoP': { authentication: key, constraint: 'dpop', request: 'signed' },
  'mTLS, mTLS': { authentication: certificate, constraint: 'mtls', request: 'signed' },
};

/** @VariantNotApplicable(FAPI2SenderConstrainMethod, mtls). */
const dpopOnly = [
  'check-dpop-proof-nbf-exp',
  'ensure-dpopproof-with-iat-10seconds-before-succeeds',
  'ensure-dpopproof-with-iat-10seconds-after-succeeds',
  'ensure-mismatched-dpop-jkt-fails',
  'ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt',
  'ensure-token-endpoint-fails-with-mismatched-dpop-jkt',
  'ensure-dpopproof-at-par-endpoint-binding-success',
  'ensure-dpop-auth-code-binding-success',
  'dpop-negative-tests',
];
/** @VariantNotApplicable(ClientAuthType, mtls). */
const assertionOnly = [
  'ensure-signed-client-assertion-with-RS256-fails',
  'ensure-client-assertion-in-token-endpoint',
  'ensure-client-assertion-with-exp-is-5-minutes-in-past-fails',
  'ensure-client-assertion-with-wrong-aud-fails',
  'ensure-client-assertion-with-no-sub-fails',
  'par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted',
  'par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails',
  'par-test-array-as-audience-fails',
  'par-test-par-endpoint-url-as-audience-fails',
  'par-test-token-endpoint-url-as-audience-fails',
];
const connectId = 'the profile of Australian ConnectID alone';
/** Modules of the plan that it runs for other profiles than `plain_fapi`, whose rules are no part of FAPI 2.0. */
export const otherProfiles: Readonly<Record<string, string>> = {
  'ensure-registered-redirect-uri': 'every profile but `plain_fapi`, which has `plain-fapi-tolerate-unregistered-redirect-uri` for it',
  'australia-connectid-ensure-invalid-purpose-fails': connectId,
  'australia-connectid-test-claims-parameter-idtoken-identity-claims': connectId,
  'ensure-server-handles-non-matching-intent-id': 'the profile of Open Banking UK alone',
  'test-essential-acr-sca-claim': 'the profile of Open Banking UK alone',
  'brazil-ensure-bad-payment-signature-fails': 'the profile of Open Finance Brazil alone',
};
export const signedOtherProfiles: Readonly<Record<string, string>> = {
  'australia-connectid-ensure-request-object-with-exp-over-10-fails': connectId,
  'australia-connectid-ensure-request-object-with-nbf-over-15-fails': connectId,
};

const remarks: Readonly<Record<string, string>> = {
  'plain-fapi-tolerate-unregistered-redirect-uri': 'refused where it is pushed, as the module allows; redirect URIs are registered',
  'ensure-different-nonce-inside-and-outside-request-object': 'what the browser brings beside the pushed request does not count',
  'ensure-different-state-inside-and-outside-request-object': 'likewise',
  'state-only-outside-request-object-not-used': 'likewise',
};

export function isApplicable(module: string, { authentication, constraint }: BankVariant): boolean {
  return (constraint === 'dpop' || !dpopOnly.includes(module)) && (authentication === 'private_key_jwt' || !assertionOnly.includes(module));
}

/** Why a cell of the module is `n/a`, or what is to be said of it. */
export function remarkOf(module: string): string {
  if (dpopOnly.includes(module)) return 'of DPoP alone';
  if (assertionOnly.includes(module)) return 'of assertions alone';
  return remarks[module] ?? '';
}
