import type { Asked } from '../../accounts/asked.ts';

/** What a registration proved (WebAuthn §4, "credential record"). */
export interface NewPasskey {
  /** Credential ID, base64url. */
  readonly id: string;
  /** COSE_Key. */
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly transports: readonly string[];
  /** Which kind of authenticator says to have made it; nothing vouches for that. */
  readonly aaguid: string;
  /** It may be on several devices; that never changes. */
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  readonly userVerified: boolean;
}

export type NamedPasskey = NewPasskey & { readonly name: string };

/** A passkey as its owner sees it. */
export interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly aaguid: string;
  readonly transports: readonly string[];
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
}

/** What is needed to check an assertion. */
export interface FoundPasskey {
  readonly sub: string;
  readonly userHandle: string;
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly backupEligible: boolean;
  readonly transports: readonly string[];
}

/** What an assertion said about its authenticator. */
export interface Assertion {
  readonly counter: number;
  readonly userVerified: boolean;
  readonly backedUp: boolean;
}

export type Use =
  | {
      readonly kind: 'used';
      readonly disabled: boolean;
      readonly security: number;
      /** The database's clock, Unix milliseconds: the time of authentication. */
      readonly at: number;
    }
  /** The signature counter went back or stood still: two devices have the key (WebAuthn §6.1.1). */
  | { readonly kind: 'counter_regressed' }
  | { readonly kind: 'gone' };

export type Added = 'added' | 'exists' | 'too_many' | 'gone';
export type Removed = 'removed' | 'last_way_in' | 'gone';

/** The most that one person may have. */
export const mostPasskeys = 20;

/** Where passkeys are kept. A change writes its audit row and its notice with it. */
export interface Passkeys {
  find(id: string): Promise<FoundPasskey | undefined>;
  /** Atomic: the counter only goes up, so of two answers with one counter a single one counts. Writes the audit row when it went back. */
  use(id: string, assertion: Assertion): Promise<Use>;
  /** Oldest first. */
  list(sub: string): Promise<Passkey[]>;
  /** Atomic: the random name that authenticators know the person by; made when it is first asked for. */
  userHandle(sub: string): Promise<string>;
  /** Atomic: refused when the credential is anybody's already (WebAuthn §7.1), or the person has `mostPasskeys`. */
  add(sub: string, passkey: NamedPasskey, asked: Asked): Promise<Added>;
  /** Atomic; false when the person has no such passkey. */
  rename(sub: string, id: string, name: string, asked: Asked): Promise<boolean>;
  /** Atomic: of two removals at a time one is told that it would be the last way in. */
  remove(sub: string, id: string, asked: Asked): Promise<Removed>;
}
