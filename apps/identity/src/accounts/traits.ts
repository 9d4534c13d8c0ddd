/** What is known of a person: an object that fits the schema that it has. */
export type Traits = Readonly<Record<string, unknown>>;

/** Traits that are claims of the `profile` scope (OpenID Connect Core §5.4). */
export const profileTraits = [
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
] as const;

export const longestTrait = 512;

/** Text that can be stored and shown: well-formed, not too long, no control characters (NUL among them), and none that
 *  turn the direction of what comes after them (Unicode TR36 §3.5). */
export function isPlainText(text: string): boolean {
  return (
    text !== '' && text.length <= longestTrait && text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufeff]/u.test(text)
  );
}

/** All texts in traits: what a password must not be made of. */
export function textsOf(traits: unknown): string[] {
  if (typeof traits === 'string') return [traits];
  return typeof traits === 'object' && traits !== null ? Object.values(traits).flatMap(textsOf) : [];
}
