import { normalizeEmail } from './email.ts';
import { normalizePhone } from './phone.ts';
import { normalizeUsername } from './username.ts';

/** What a person can sign in with; the kinds of the table of identifiers. */
export const identifierKinds = ['email', 'phone', 'username'] as const;
export type IdentifierKind = (typeof identifierKinds)[number];

export const addressKinds = ['email', 'phone'] as const;
/** What a code can be sent to. */
export type AddressKind = (typeof addressKinds)[number];

/** An identifier in its one spelling: it belongs to one person. */
export interface Identifier {
  readonly kind: IdentifierKind;
  readonly value: string;
}

const normalizers: Readonly<Record<IdentifierKind, (text: string) => string | undefined>> = {
  email: normalizeEmail,
  phone: normalizePhone,
  username: normalizeUsername,
};

/** The one spelling of an identifier; undefined for what is none of that kind. */
export const normalizeIdentifier = (kind: IdentifierKind, text: string): string | undefined => normalizers[kind](text);

/** The kind of an identifier in its one spelling: it can be told from the spelling, see below. */
export function kindOfIdentifier(value: string): IdentifierKind {
  if (value.includes('@')) return 'email';
  return value.startsWith('+') ? 'phone' : 'username';
}

/**
 * What somebody typed to say who they are. No text is of two kinds: addresses have an `@`, numbers begin with `+`, and
 * user names can have neither. Undefined for what cannot be of any kind; that says nothing of who exists.
 */
export function identifierOf(typed: string): Identifier | undefined {
  for (const kind of identifierKinds) {
    const value = normalizers[kind](typed);
    if (value !== undefined) return { kind, value };
  }
  return undefined;
}
