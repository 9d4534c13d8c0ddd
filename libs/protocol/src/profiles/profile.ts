import type { Profile } from '../model/client.ts';

/** A profile as data: what is refused under it. Each line is read by a check of the same name in checks.ts. */
export interface ProfileRules {
  name: Profile;
  /** Ways for a client to prove who it is; absent: all of this server's. */
  clientAuthenticationMethods?: readonly string[];
  /** What clients and this server sign with; absent: all of this server's. */
  signingAlgorithms?: readonly string[];
  responseTypes: readonly string[];
  refusedGrantTypes: readonly string[];
  /** Plain http redirect URIs, always loopback, are for native apps alone. */
  httpForNativeOnly: boolean;
  /** Every authorization request is pushed, and names its redirect URI. */
  pushedRequests: boolean;
  /** No bearer tokens: DPoP or mutual TLS. */
  senderConstrainedTokens: boolean;
  /** `none`: refresh tokens stay; `public`: those of public clients rotate or are bound to a key. */
  refreshTokenRotation: 'none' | 'public';
  /** Seconds, at most; absent: the server's. */
  codeLifetime?: number;
  /** Seconds between `nbf` and `exp` of a request object, at most; both are needed then. Absent: as the client signed it. */
  requestObjectLifetime?: number;
  /** An assertion's `aud` is the issuer as a string, not an array that holds it. */
  audienceAsString: boolean;
}
