import { OAuthError, type OAuthErrorCode } from '@authority/errors';
import { type Client, isPublic, type Profile, profiles } from '../model/client.ts';
import type { Policy } from '../ports.ts';
import {
  authenticationFault,
  clientChecks,
  type ProfileCheck,
  type ProfiledClient,
  type ProfiledRequest,
  type ProfiledTokenRequest,
  requestChecks,
  tokenChecks,
} from './checks.ts';
import { fapi2Security } from './fapi2-security.ts';
import { oauth21 } from './oauth2-1.ts';
import type { ProfileRules } from './profile.ts';

const registry: Readonly<Record<Profile, ProfileRules>> = { 'oauth2.1': oauth21, 'fapi2-security': fapi2Security };

export function rulesOf(profile: Profile | undefined): ProfileRules | undefined {
  return profile === undefined ? undefined : registry[profile];
}

/** The stricter of two: each profile has every rule of the one before it. */
export function stricter(one: Profile | undefined, other: Profile | undefined): Profile | undefined {
  if (one === undefined || one === other) return other; // the hot path: none at all, asked twice for every token
  if (other === undefined) return one;
  return profiles.indexOf(one) > profiles.indexOf(other) ? one : other;
}

/**
 * The rules that hold for a client: its own profile's or the server's, the stricter. A machine of the operators' is not
 * under the server's: whoever sets a profile must be able to take it back (contract.md, "Operators").
 */
export function rulesFor(client: Client, policy: Pick<Policy, 'profile'>): ProfileRules | undefined {
  const isMachine = client.operator && client.grant_types.every((type) => type === 'client_credentials');
  return rulesOf(isMachine ? client.profile : stricter(client.profile, policy.profile()));
}

const adapted = new WeakMap<Client, Map<Profile, Client>>();

/**
 * The client as its profile lets it be: concessions that were made to it do not count. What cannot be put right so is
 * refused by the checks. One object for each client and profile, as others keep things by it.
 */
export function underProfile(client: Client, rules: ProfileRules | undefined): Client {
  if (!rules) return client;
  const known = adapted.get(client) ?? new Map<Profile, Client>();
  adapted.set(client, known);
  const strict = known.get(rules.name) ?? adapt(client, rules);
  known.set(rules.name, strict);
  return strict;
}

function adapt(client: Client, rules: ProfileRules): Client {
  const isBound = client.dpop_bound_access_tokens || client.tls_client_certificate_bound_access_tokens;
  const mustRotate = rules.refreshTokenRotation === 'public' && isPublic(client) && !isBound;
  return {
    ...client,
    pkceOptional: false,
    legacyAssertionAudience: false,
    refreshTokenRotation: rules.refreshTokenRotation === 'none' ? 'never' : mustRotate ? 'always' : client.refreshTokenRotation,
    ...(rules.pushedRequests && { require_pushed_authorization_requests: true }),
  };
}

/** At registration, by whomever (RFC 7591 §3.2.2). */
export function assertClientFits(client: ProfiledClient, rules: ProfileRules | undefined): void {
  assertFits(client, rules, clientChecks, 'invalid_client_metadata');
}

/** At the authorization endpoint. */
export function assertRequestFits(request: ProfiledRequest, rules: ProfileRules | undefined): void {
  assertFits(request, rules, requestChecks, 'invalid_request');
}

/** At the token endpoint. */
export function assertTokenRequestFits(request: ProfiledTokenRequest, rules: ProfileRules | undefined): void {
  assertFits(request, rules, tokenChecks, 'invalid_request');
}

/** Wherever a client authenticates. */
export function assertAuthenticationFits(method: string, rules: ProfileRules | undefined): void {
  const fault = rules && authenticationFault(method, rules);
  if (rules && fault !== undefined) throw refusal('invalid_client', fault, rules);
}

/** Whether a signature by this algorithm counts under the profile: of assertions, proofs and request objects. */
export function allowsAlgorithm(alg: unknown, rules: ProfileRules | undefined): boolean {
  return !rules?.signingAlgorithms || rules.signingAlgorithms.some((one) => one === alg);
}

/** Seconds. */
export function codeLifetimeUnder(rules: ProfileRules | undefined, lifetime: number): number {
  return Math.min(lifetime, rules?.codeLifetime ?? lifetime);
}

function assertFits<T>(subject: T, rules: ProfileRules | undefined, checks: readonly ProfileCheck<T>[], error: OAuthErrorCode): void {
  if (!rules) return;
  for (const check of checks) {
    const fault = check.fault(subject, rules);
    if (fault !== undefined) throw refusal(check.error ?? error, fault, rules);
  }
}

function refusal(error: OAuthErrorCode, fault: string, rules: ProfileRules): OAuthError {
  const description = `${fault} (profile ${rules.name})`.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?');
  return new OAuthError(error, 'profile_refused', { description });
}
