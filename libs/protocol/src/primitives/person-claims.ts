/** Claims of a person that this server can have, under the scopes that stand for them (OpenID Connect Core §5.1, §5.4). */
const claimsByScope: Readonly<Record<string, readonly string[]>> = {
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  address: ['address'],
};

/** For `claims_supported`. */
export const personClaims: readonly string[] = Object.values(claimsByScope).flat();

const scopes: ReadonlyMap<string, string> = new Map(
  Object.entries(claimsByScope).flatMap(([scope, names]) => names.map((name): [string, string] => [name, scope])),
);

/** The scope that stands for a claim; undefined for a claim that this server does not have. */
export function scopeOfClaim(name: string): string | undefined {
  return scopes.get(name);
}
