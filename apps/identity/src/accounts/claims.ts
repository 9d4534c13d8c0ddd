import { profileTraits, type Traits } from './traits.ts';

/** What claims are made of. */
export interface ClaimSource {
  readonly traits: Traits;
  readonly emailVerified: boolean;
  readonly updatedAt: Date;
}

export type Claims = Record<string, string | number | boolean>;

const scopeClaims: Readonly<Record<string, readonly string[]>> = {
  profile: [...profileTraits, 'updated_at'],
  email: ['email', 'email_verified'],
};

/** The claims that scopes stand for, and those asked for by name (OpenID Connect Core §5.4, §5.5). Unknown ones are left
 *  out, as §5.5 has it. */
export function claimsOf(source: ClaimSource, scopes: readonly string[], names: readonly string[]): Claims {
  const asked = new Set([...scopes.flatMap((scope) => scopeClaims[scope] ?? []), ...names]);
  const all: Claims = {
    ...source.traits,
    email_verified: source.emailVerified,
    updated_at: Math.floor(source.updatedAt.getTime() / 1000),
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => asked.has(name)));
}
