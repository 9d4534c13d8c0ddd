import type { Authentication, Confirmation } from './authorization.ts';

/** A device authorization that waits for a person (RFC 8628 §3.2): what was asked, and where the request came from. */
export interface DeviceRequest {
  version: 1;
  client_id: string;
  scopes: readonly string[];
  resources: readonly string[];
  /** Where the device asked from, for the person to compare (§5.4). */
  peer_address: string;
  user_agent: string;
  /** Unix milliseconds. */
  requestedAt: number;
  expiresAt: number;
  /** Seconds between two polls, as the device was told (§3.2). */
  interval: number;
}

/** A request as its store knows it. */
export interface FoundDeviceRequest {
  /** Where it lies; no secret, and no device code can be made of it. */
  id: string;
  /** What a decision is stored under: the hash of the device code, base64url. */
  code_hash: string;
  request: DeviceRequest;
}

/**
 * How a poll stands, as far as short-lived state knows (§3.5). `missing`: nothing is known of it. `decided`: a person may
 * have decided; what counts is the durable decision.
 */
export type DevicePoll = 'malformed' | 'expired' | 'wrong' | 'of_other_client' | 'missing' | 'pending' | 'too_fast' | 'decided';

/** What a person decided about a device: final, and bound to user, client and scope. */
export interface DeviceDecision {
  code_hash: string;
  client_id: string;
  sub: string;
  allowed: boolean;
  scopes: readonly string[];
  resources: readonly string[];
  authentication: Authentication;
  /** Unix milliseconds. */
  decidedAt: number;
  /** End of the device code, Unix milliseconds. */
  expiresAt: number;
}

/** The grant that a redemption makes; its handle is made by the core, and only hashed at rest. */
export interface DeviceGrant {
  grant_id: string;
  /** 16 bytes. */
  handle: Uint8Array;
  /** Absolute end, Unix milliseconds. */
  expiresAt: number;
  /** What its refresh tokens are bound to; absent: nothing. */
  confirmation?: Confirmation;
}

/** A person's way through the device pages, in one browser. */
export interface StoredDeviceVerification {
  version: 1;
  /** SHA-256 of the browser cookie. */
  browser: string;
  /** As it came in verification_uri_complete, or as the person typed it; for the page. */
  user_code: string;
  /** The request that the person was shown, and who was. */
  shown?: { id: string; sub: string };
  /** Unix milliseconds. */
  expiresAt: number;
}

/** One step of a device verification. Empty strings stand for absent. */
export interface DeviceStep {
  /** The handle of a verification that goes on; empty for a new one. */
  interaction: string;
  /** The session cookie's value. */
  session: string;
  /** SHA-256 (base64url) of the browser cookie's value. */
  browser: string;
  /** New: what the page's field begins with. Going on: what the person typed. */
  user_code: string;
  /** What the person decided on the page that shows the request. */
  decision?: 'allow' | 'deny';
  /** Where the person's own browser asks from. */
  peer_address: string;
}

/**
 * `enter`: ask for the code. `unknown`: ask again, the code is none. `confirm`: show the request, and ask. `expired`: the
 * request is gone. `decided_before`: somebody was first.
 */
export type DeviceVerificationState = 'enter' | 'unknown' | 'confirm' | 'allowed' | 'denied' | 'expired' | 'decided_before';
