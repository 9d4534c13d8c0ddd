import { createHash } from 'node:crypto';
import { endingVerdict } from './endings.ts';
import type { Authentication, Confirmation, LiveGrant } from '@authority/protocol';

/** A row of `grants`, as far as the core sees it. */
export interface GrantRow {
  grant_id: string;
  client_id: string;
  sub: string;
  sid: string | null;
  scopes: string[];
  resources: string[];
  userinfo_claims: string[] | null;
  authentication: Authentication | null;
  confirmation: Confirmation | null;
  created_at: Date;
  expires_at: Date;
}

export const grantColumns =
  'grant_id, client_id, sub, sid, scopes, resources, userinfo_claims, authentication, confirmation, created_at, expires_at';

/** Of a row that still gives access. */
export const liveGrant = `revoked_at IS NULL AND expires_at > clock_timestamp() AND (${endingVerdict('grants', 'created_at')}) IS NULL`;

const dayMs = 86_400_000;

/** The partition of a grant: the day of its absolute end, days since 1970. Every refresh token of it names the day. */
export function grantDay(expiresAt: number): number {
  return Math.floor(expiresAt / dayMs);
}

/** Only the hash of the handle is stored: a dump of the table makes no refresh token. */
export function handleHash(handle: Uint8Array): Buffer {
  return createHash('sha256').update(handle).digest();
}

export function fromRow(row: GrantRow): LiveGrant {
  return {
    grant_id: row.grant_id,
    client_id: row.client_id,
    sub: row.sub,
    ...(row.sid !== null && { sid: row.sid }),
    scopes: row.scopes,
    resources: row.resources,
    ...(row.userinfo_claims !== null && { userinfo_claims: row.userinfo_claims }),
    ...(row.authentication !== null && { authentication: row.authentication }),
    ...(row.confirmation !== null && { confirmation: row.confirmation }),
    createdAt: row.created_at.getTime(),
    expiresAt: row.expires_at.getTime(),
  };
}
