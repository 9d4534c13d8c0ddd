import { claimsByScope } from '../schemas/document.ts';
import { type IdentitySchema, valueAt } from '../schemas/identity-schema.ts';
import type { Traits } from './traits.ts';

/** What claims are made of. */
export interface ClaimSource {
  /** The version that the traits fit: what becomes which claim. */
  readonly schema: IdentitySchema;
  readonly traits: Traits;
  readonly emailVerified: boolean;
  /** Telephone numbers that have been verified, in their one spelling. */
  readonly verifiedPhones: readonly string[];
  readonly updatedAt: Date;
}

export type Claims = Record<string, unknown>;

const scopeOfClaim: ReadonlyMap<string, string> = new Map(
  Object.entries(claimsByScope).flatMap(([scope, names]) => names.map((name): [string, string] => [name, scope])),
);

/**
 * The claims that scopes stand for, and those asked for by name (OpenID Connect Core §5.4, §5.5). Unknown ones are left
 * out, as §5.5 has it; a claim of an operator's own comes by its scope alone.
 */
export function claimsOf(source: ClaimSource, scopes: readonly string[], names: readonly string[]): Claims {
  const { schema, traits } = source;
  const claims: Claims = {};
  const isAsked = (claim: string, scope: string): boolean => scopes.includes(scope) || (names.includes(claim) && scopeOfClaim.has(claim));
  for (const { path, annotation } of schema.traits) {
    const value = annotation.claims.length === 0 ? undefined : valueAt(traits, path);
    if (value === undefined) continue;
    for (const claim of annotation.claims) {
      if (isAsked(claim, scopeOfClaim.get(claim) ?? annotation.scope ?? '')) claims[claim] = value;
    }
  }
  Object.assign(claims, verifiedClaims(source, isAsked));
  if (isAsked('updated_at', 'profile')) claims['updated_at'] = Math.floor(source.updatedAt.getTime() / 1000);
  return claims;
}

/** Whether the address that is told has been verified, where there is one (§5.1). */
function verifiedClaims({ schema, traits, ...source }: ClaimSource, isAsked: (claim: string, scope: string) => boolean): Claims {
  const claims: Claims = {};
  const email = isAsked('email_verified', 'email') ? schema.addressOfClaim('email', traits) : undefined;
  if (email !== undefined) claims['email_verified'] = source.emailVerified;
  const wantsPhone = isAsked('phone_number', 'phone') || isAsked('phone_number_verified', 'phone');
  const phone = wantsPhone ? schema.addressOfClaim('phone_number', traits) : undefined;
  // E.164, as §5.1 recommends.
  if (phone !== undefined && isAsked('phone_number', 'phone')) claims['phone_number'] = phone;
  if (phone !== undefined && isAsked('phone_number_verified', 'phone'))
    claims['phone_number_verified'] = source.verifiedPhones.includes(phone);
  return claims;
}
