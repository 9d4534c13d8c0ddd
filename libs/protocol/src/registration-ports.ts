import type { ClientRegistration, RegistrationPolicy } from './model/registration.ts';

/* What registration needs from outside (RFC 7591, RFC 7592); as the other ports, in ports.ts. */

/** Initial access tokens (RFC 7591 §3). */
export interface RegistrationTokens {
  /** The token of this value while it may still register something. No write: the use is counted with the client's row. */
  find(value: string, now: number): Promise<RegistrationToken | 'used_up' | undefined>;
}

export interface RegistrationToken {
  registration_token_id: string;
  policy: RegistrationPolicy;
}

/** Clients that registered themselves. Every write is one transaction with its audit row. */
export interface ClientStore {
  /**
   * Atomic: counts one use of the initial access token (when there is one) and stores the client, the HMAC of its secret,
   * the hash of its registration access token and its policy. `registration_token_used_up`: another took the last use.
   */
  create(entry: NewClient, now: number): Promise<'created' | 'registration_token_used_up'>;
  /** The registration that this registration access token manages; constant time; undefined for any other. */
  findManaged(client_id: string, registrationAccessToken: string): Promise<ManagedClient | undefined>;
  /** Atomic: replaces the metadata, and the secret when one is given; null takes all secrets away. */
  update(client_id: string, registration: ClientRegistration, secret: string | null | undefined, now: number): Promise<void>;
  /** Atomic: deletes the client and ends its grants and tokens. */
  delete(client_id: string, now: number): Promise<void>;
}

export interface NewClient {
  client_id: string;
  registration: ClientRegistration;
  /** Absent for clients without one. */
  client_secret?: string;
  registration_access_token: string;
  /** Absent: open registration. */
  registration_token_id?: string;
  /** What later updates are judged by. */
  policy: RegistrationPolicy;
}

export interface ManagedClient {
  registration: ClientRegistration;
  policy: RegistrationPolicy;
  /** Seconds. */
  client_id_issued_at: number;
  disabled: boolean;
}
