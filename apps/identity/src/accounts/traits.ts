import type { FieldViolation } from '@authority/errors';
import { normalizeEmail } from './email.ts';

/** What is known of a person, by the names of the standard claims (OpenID Connect Core §5.1). */
export interface Traits {
  readonly email: string;
  readonly [trait: string]: string;
}

/** The built-in schema: which traits there are. A schema of an operator's own is a later issue. */
export const defaultSchema = { id: 'default', version: 1 } as const;

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

const traitNames: readonly string[] = ['email', ...profileTraits];
const longestTrait = 512;

/** Reads traits as an operator sends them; violations name the trait. */
export function parseTraits(json: string, field: string): Traits | FieldViolation[] {
  const value = parsed(json);
  if (value === undefined) return [{ field, description: 'must be a JSON object, such as {"email":"a@example.com"}' }];
  const violations = Object.entries(value).flatMap(([name, trait]) => violationsOf(field, name, trait));
  if (!('email' in value)) violations.push({ field: `${field}.email`, description: 'is missing' });
  // Every member has been checked to be text, and `email` to be there.
  return violations.length > 0 ? violations : (value as Traits);
}

function parsed(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function violationsOf(field: string, name: string, trait: unknown): FieldViolation[] {
  const at = `${field}.${name.slice(0, 80)}`;
  if (!traitNames.includes(name)) {
    return [{ field: at, description: `is no trait of the schema ${defaultSchema.id}; there is ${traitNames.join(', ')}` }];
  }
  if (typeof trait !== 'string' || !isPlainText(trait)) {
    return [{ field: at, description: `must be text of 1 to ${longestTrait} characters without control characters` }];
  }
  if (name === 'email' && normalizeEmail(trait) === undefined) {
    return [{ field: at, description: 'must be an e-mail address' }];
  }
  return [];
}

/** Text that can be stored and shown: well-formed, no control characters (NUL among them), not too long. */
export function isPlainText(text: string): boolean {
  return text !== '' && text.length <= longestTrait && text.isWellFormed() && !/\p{Cc}/u.test(text);
}
