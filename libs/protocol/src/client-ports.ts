import type { Client } from './model/client.ts';

/* What the core needs to know clients: those that are registered, their keys, and what they publish. See ports.ts. */

/** Clients, from the replica's memory (kept current by the version poll). */
export interface Clients {
  /** One whose id is the address of its metadata only after `load`. */
  find(client_id: string): Client | undefined;
  /**
   * Before `find`, where an id comes from outside: brings the metadata of a client whose id is its address into memory
   * (bounded, cached). Nothing for others. Throws OAuthError invalid_client where there is none to be had.
   */
  load(client_id: string): Promise<void>;
  /** Whether tokens that a client has are good: it is registered and enabled, or operators take clients of its address. */
  isLive(client_id: string): boolean;
  /** Resources that some client is registered as (RFC 8707: unknown ones are invalid_target). */
  isResource(identifier: string): boolean;
  /**
   * Compares a secret with those that the client has, by HMAC under the key table's key; constant time.
   * Answers a promise only for imported secrets, which cost an argon2id.
   */
  verifySecret(client_id: string, secret: string): boolean | Promise<boolean>;
  /** The secrets that its assertions are signed with (client_secret_jwt), opened; none for clients of other methods. */
  signingSecrets(client_id: string): readonly string[];
}

/** JWK Sets of clients: their own, or fetched from jwks_uri (bounded, cached). */
export interface ClientKeys {
  /** `refresh`: the kid was not found, ask again (rate limited). Throws OAuthError invalid_client `client_keys_unavailable`. */
  find(client: Client, refresh: boolean): Promise<{ keys: readonly Record<string, unknown>[] }>;
}

/** What stands at a sector_identifier_uri (OpenID Connect Core §8.1), fetched within bounds. */
export interface SectorIdentifiers {
  /** The redirect URIs of the sector; undefined when there is no such array to be had. */
  find(uri: string): Promise<readonly string[] | undefined>;
}

/** Which clients are taken that are known by the address of their metadata. */
export interface ClientDocumentPolicy {
  taken: 'off' | 'allowlist' | 'any';
  /** Host names, or `*.` and the end of some; for `allowlist`. */
  hosts: readonly string[];
  /** Scopes that they may ask for; empty: the standard OpenID scopes. */
  scopes: readonly string[];
}
