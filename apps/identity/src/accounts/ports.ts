import type { Asked } from './asked.ts';
import type { IdentitySchema } from '../schemas/identity-schema.ts';
import type { IdentifierKind } from './identifier.ts';
import type { NamedPasskey } from '../methods/passkey/passkeys.ts';
import type { Traits } from './traits.ts';

/** What a sign-in needs to know of an account. */
export interface Account {
  readonly sub: string;
  readonly disabled: boolean;
  /** PHC string; undefined when the person has no password. */
  readonly passwordHash: string | undefined;
  /** The person has a credential besides the password, and whoever has the password alone is not let in by it. */
  readonly secondFactor: boolean;
  /** Counts changes that end what was issued before: of credentials, and being disabled. */
  readonly security: number;
  /** This browser has signed in to this account before. */
  readonly knownBrowser: boolean;
}

/** What a flow needs to know of a person that it knows. */
export interface Known {
  readonly disabled: boolean;
  readonly security: number;
  /** What the person is known by, to themselves: an identifier in its one spelling, an address before a user name. */
  readonly name: string;
  readonly traits: Traits;
  /** The version that the traits fit. */
  readonly schema: { readonly id: string; readonly version: number };
}

export interface LookedUp {
  readonly account: Account | undefined;
  /** The database's clock at the look-up, Unix milliseconds: the time of authentication, which not-befores of the same
   *  clock are compared with. */
  readonly at: number;
}

export interface NewAccount {
  readonly sub: string;
  readonly schema: IdentitySchema;
  /** They fit the schema. */
  readonly traits: Traits;
  /** What the person signs in with from then on: one of them. */
  readonly credential: NewCredential;
  readonly browser: string;
}

export type NewCredential = { readonly passwordHash: string } | { readonly passkey: NamedPasskey; readonly userHandle: string };

/** The accounts as flows see them. */
export interface Accounts {
  /** By an identifier of any kind, in its one spelling (identifier.ts). */
  findByIdentifier(identifier: string, browser: string): Promise<LookedUp>;
  findForFlow(sub: string): Promise<Known | undefined>;
  /** The hash of a person's password; undefined when there is none. */
  findPassword(sub: string): Promise<string | undefined>;
  /** Atomic: identity, identifiers, addresses, credential and audit row, or nothing when an identifier is taken. */
  register(account: NewAccount): Promise<{ security: number; at: number } | Taken>;
  /** Atomic: traits, identifiers, addresses, audit row, and notices to addresses that went. `conflict`: the traits are no longer those of before. */
  changeTraits(change: TraitChange): Promise<'changed' | 'conflict' | Taken>;
  /** Atomic: remembers a browser that signed in; one that is new to an account that knows others is told of. */
  signedIn(sub: string, browser: string, asked: Asked): Promise<{ isNewBrowser: boolean }>;
  /** Replaces a hash of other parameters, if the password is still the same. */
  rehash(sub: string, rehash: { from: string; to: string }): Promise<void>;
  /** Atomic: the new password and its audit row; with `endsSessions` also the end of everything that was issued before, in
   *  the feed. Answers what the account is from then on. */
  changePassword(change: PasswordChange): Promise<{ security: number; at: number }>;
}

/** An identifier of this kind is somebody else's. */
export interface Taken {
  readonly taken: IdentifierKind;
}

/** A person changes what is known of them. */
export interface TraitChange {
  readonly sub: string;
  readonly schema: IdentitySchema;
  /** They fit the schema. */
  readonly traits: Traits;
  readonly before: Pick<Known, 'traits' | 'schema'>;
  /** For the notice to an e-mail address that is theirs no more. */
  readonly asked: Asked;
}

export interface PasswordChange {
  readonly sub: string;
  readonly passwordHash: string;
  /** Audit: `identity.change_password` by the person who knew the one before, `identity.recover_password`. */
  readonly action: 'identity.change_password' | 'identity.recover_password';
  readonly endsSessions: boolean;
  /** For the notice that the person gets. */
  readonly asked: Asked;
}
