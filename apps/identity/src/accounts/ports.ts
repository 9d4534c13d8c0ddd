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
  /** … within the last day: nothing needs to be written about it. */
  readonly freshBrowser: boolean;
}

export interface LookedUp {
  readonly account: Account | undefined;
  /** The database's clock at the look-up, Unix milliseconds: the time of authentication, which not-befores of the same
   *  clock are compared with. */
  readonly at: number;
}

export interface NewAccount {
  readonly sub: string;
  readonly identifier: string;
  readonly traits: Traits;
  readonly passwordHash: string;
  readonly browser: string;
}

/** The accounts as flows see them. */
export interface Accounts {
  findByIdentifier(identifier: string, browser: string): Promise<LookedUp>;
  findForCompletion(sub: string): Promise<Pick<Account, 'disabled' | 'security'> | undefined>;
  /** Atomic: identity, identifier, credential and audit row, or nothing. Undefined when the identifier is taken. */
  register(account: NewAccount): Promise<{ security: number; at: number } | undefined>;
  /** Remembers a browser that signed in (the empty one is none), and replaces a hash of other parameters, if the password is still the same. */
  signedIn(sub: string, browser: string, rehash: { from: string; to: string } | undefined): Promise<void>;
}
