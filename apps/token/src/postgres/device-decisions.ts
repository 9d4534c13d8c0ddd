import { appendAudit } from '@authority/audit';
import { type Database, type Queryable, statement } from '@authority/postgres';
import type { Authentication, DeviceDecision, DeviceDecisions, DeviceGrant, DeviceRedemption } from '@authority/protocol';
import { readDeviceCode } from '../device-code.ts';
import { endingVerdict } from './endings.ts';
import { grantDay, handleHash } from './grant-rows.ts';
import { statementSpan } from './statement-span.ts';

const insert = statement(
  'device_decide',
  `INSERT INTO device_decisions (code_hash, expires_at, client_id, sub, allowed, scopes, resources, authentication, decided_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9)
   ON CONFLICT (code_hash, expires_at) DO NOTHING
   RETURNING 1 AS first`,
);

const select = statement(
  'device_find',
  `SELECT client_id, sub, allowed, scopes, resources, authentication, decided_at
   FROM device_decisions WHERE code_hash = $1 AND expires_at = $2`,
);

/**
 * One device polls at a time, so each is a statement of its own. Whoever comes second waits for the row's lock and finds
 * it used. What was allowed does not end with its session, so that none is looked for.
 */
const redeem = statement(
  'device_redeem',
  `WITH locked AS (
     SELECT *, NULL::text AS sid FROM device_decisions WHERE code_hash = $1 AND expires_at = $2 AND allowed FOR UPDATE
   ), judged AS (
     SELECT locked.*, CASE WHEN redeemed_at IS NOT NULL THEN 'replayed'
                           ELSE coalesce(${endingVerdict('locked', 'decided_at')}, 'redeemed') END AS verdict
     FROM locked
   ), marked AS (
     UPDATE device_decisions SET redeemed_at = clock_timestamp(), grant_id = $3
     FROM judged
     WHERE device_decisions.code_hash = $1 AND device_decisions.expires_at = $2 AND judged.verdict = 'redeemed'
   ), granted AS (
     INSERT INTO grants (handle_hash, end_day, grant_id, client_id, sub, sid, scopes, resources, authentication,
                         generation, key_id, created_at, expires_at, confirmation)
     SELECT $4, $5, $3, client_id, sub, NULL, scopes, resources, authentication, 0, $6, decided_at, $7, $8::jsonb
     FROM judged WHERE verdict = 'redeemed'
   )
   SELECT verdict FROM judged`,
);

interface Row {
  client_id: string;
  sub: string;
  allowed: boolean;
  scopes: string[];
  resources: string[];
  authentication: Authentication;
  decided_at: Date;
}

/** What people decided about devices (house.md, "Devices"), by the hour in which their codes end. */
export class PostgresDeviceDecisions implements DeviceDecisions {
  constructor(
    private readonly database: Database,
    private readonly currentMacKeyId: () => string,
  ) {}

  decide(decision: DeviceDecision): Promise<DeviceDecision> {
    const { code_hash, expiresAt, client_id, sub, allowed, scopes, resources, authentication, decidedAt } = decision;
    const key = keyOf(code_hash, expiresAt);
    const row = [...key, client_id, sub, allowed, scopes, resources, JSON.stringify(authentication), new Date(decidedAt)];
    return statementSpan(insert.name, () =>
      this.database.transaction(async (tx) => {
        const [inserted] = await tx.query(insert, row);
        if (inserted === undefined) return await this.inForce(tx, code_hash, expiresAt);
        const details = { scope: scopes.join(' '), resource: resources.join(' ') };
        const action = allowed ? 'device.allow' : 'device.deny';
        await appendAudit(tx, { action, actor: `user:${sub}`, target: `client:${client_id}`, details });
        return decision;
      }),
    );
  }

  async find(device_code: string): Promise<DeviceDecision | undefined> {
    const code = readDeviceCode(device_code);
    return code && (await statementSpan(select.name, () => this.read(this.database, code.hash, code.expiresAt)));
  }

  async redeem(device_code: string, grant: DeviceGrant): Promise<DeviceRedemption> {
    const code = readDeviceCode(device_code);
    if (code === undefined) throw new Error('a redemption of what is no device code');
    const { grant_id, handle, expiresAt, confirmation } = grant;
    const bound = confirmation === undefined ? null : JSON.stringify(confirmation);
    const row = [grant_id, handleHash(handle), grantDay(expiresAt), this.currentMacKeyId(), new Date(expiresAt), bound];
    const [judged] = await statementSpan(redeem.name, () =>
      this.database.query<{ verdict: DeviceRedemption }>(redeem, [...keyOf(code.hash, code.expiresAt), ...row]),
    );
    if (judged === undefined) throw new Error('a redemption of what nobody allowed');
    return judged.verdict;
  }

  private async inForce(tx: Queryable, code_hash: string, expiresAt: number): Promise<DeviceDecision> {
    const found = await this.read(tx, code_hash, expiresAt);
    if (found === undefined) throw new Error('a decision stood in the way and is not there');
    return found;
  }

  private async read(from: Queryable, code_hash: string, expiresAt: number): Promise<DeviceDecision | undefined> {
    const [row] = await from.query<Row>(select, keyOf(code_hash, expiresAt));
    if (row === undefined) return undefined;
    const { decided_at, ...decision } = row;
    return { ...decision, code_hash, decidedAt: decided_at.getTime(), expiresAt };
  }
}

function keyOf(code_hash: string, expiresAt: number): [Buffer, Date] {
  return [Buffer.from(code_hash, 'base64url'), new Date(expiresAt)];
}
