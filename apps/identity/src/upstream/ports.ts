import type { IdentitySchema } from '../schemas/identity-schema.ts';
import type { Traits } from '../accounts/traits.ts';
import type { UpstreamProvider } from './provider.ts';

/** Providers, with the secret that is shown to them. */
export interface UpstreamProviders {
  /** Those that are in force, by name. */
  enabled(): Promise<readonly UpstreamProvider[]>;
  find(providerId: string): Promise<UpstreamProvider | undefined>;
  /** The client secret; undefined when there is none, or its key is gone. */
  secretOf(providerId: string): Promise<string | undefined>;
}

/** Somebody at a provider. */
export interface UpstreamSubject {
  readonly providerId: string;
  readonly subject: string;
}

export interface UpstreamLink extends UpstreamSubject {
  /** What the person is known by there, to recognise it. */
  readonly name: string;
  readonly createdAt: number;
  readonly usedAt: number;
}

export interface LinkedPerson {
  readonly sub: string;
  readonly security: number;
  readonly disabled: boolean;
  /** The database's clock. */
  readonly at: number;
}

export interface NewUpstreamAccount {
  readonly sub: string;
  readonly schema: IdentitySchema;
  readonly traits: Traits;
  /** The address that the provider vouches for, in its one spelling; another one of the traits is not verified. */
  readonly verifiedEmail: string | undefined;
  readonly link: UpstreamSubject & { readonly name: string };
  readonly browser: string;
}

/** Accounts here and there. */
export interface UpstreamLinks {
  /** Who that is here; the use is written down. */
  signIn(subject: UpstreamSubject): Promise<LinkedPerson | undefined>;
  ofPerson(sub: string): Promise<readonly UpstreamLink[]>;
  /** Atomic: the link and its audit row. `taken`: that subject is somebody else here. */
  link(sub: string, link: UpstreamSubject & { readonly name: string }): Promise<'linked' | 'taken'>;
  /** Atomic: the link goes unless it is the last way in. */
  unlink(sub: string, subject: UpstreamSubject): Promise<'unlinked' | 'unknown' | 'last_way_in'>;
  /** Atomic: identity, identifiers, verified address, link and audit row, or nothing when an identifier is taken. */
  register(account: NewUpstreamAccount): Promise<{ security: number; at: number } | 'taken'>;
}
