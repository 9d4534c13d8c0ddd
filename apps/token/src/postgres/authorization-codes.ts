import { createHash } from 'node:crypto';
import { assertStorable, coalesceByKey, type Database, statement } from '@authority/postgres';
import type { AuthorizationCodes, CodeEnvelope, Confirmation, Redemption } from '@authority/protocol';
import type { CodeSeal } from '../keys/code-seal.ts';
import { endingVerdict } from './endings.ts';
import { grantDay, handleHash } from './grant-rows.ts';
import { statementSpan } from './statement-span.ts';

/**
 * Marks codes and stores their grants. Whoever comes second finds the mark of the first, also while the first is still
 * under way: ON CONFLICT waits for it. Rows are inserted in the order of the hash, so that two batches cannot deadlock.
 */
const redeem = statement(
  'codes_redeem',
  `WITH asked AS (
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS asked (
       code_hash bytea, code_expires_at timestamptz, issued_at timestamptz, handle_hash bytea, end_day integer,
       grant_id text, client_id text, sub text, sid text, bound boolean, scopes text[], resources text[],
       userinfo_claims text[], authentication jsonb, key_id text, expires_at timestamptz, confirmation jsonb)
   ), marked AS (
     INSERT INTO code_marks (code_hash, expires_at, grant_id)
     SELECT code_hash, code_expires_at, grant_id FROM asked ORDER BY code_hash
     ON CONFLICT (code_hash, expires_at) DO NOTHING
     RETURNING code_hash
   ), judged AS (
     SELECT asked.*, CASE WHEN marked.code_hash IS NULL THEN 'replayed'
                          ELSE coalesce(${endingVerdict('asked', 'issued_at')}, 'redeemed') END AS verdict
     FROM asked LEFT JOIN marked USING (code_hash)
   ), granted AS (
     INSERT INTO grants (handle_hash, end_day, grant_id, client_id, sub, sid, scopes, resources, userinfo_claims,
                         authentication, generation, key_id, created_at, expires_at, confirmation)
     SELECT handle_hash, end_day, grant_id, client_id, sub, CASE WHEN bound THEN sid END, scopes, resources, userinfo_claims,
            authentication, 0, key_id, issued_at, expires_at, confirmation
     FROM judged WHERE verdict = 'redeemed'
   )
   SELECT encode(code_hash, 'hex') AS code, verdict FROM judged`,
);

/** The mark alone, for a code that has expired: it redeems nothing, and only its replay matters. */
const findMark = statement('codes_find_mark', 'SELECT 1 AS found FROM code_marks WHERE code_hash = $1 AND expires_at = $2');

interface Presented {
  hash: string;
  envelope: CodeEnvelope;
  confirmation: Confirmation | undefined;
}

/** Authorization codes: sealed envelopes, with a durable mark of use (house.md, "Walks"). */
export class PostgresAuthorizationCodes implements AuthorizationCodes {
  private readonly redeemOne: (code: Presented) => Promise<Redemption>;

  constructor(
    private readonly database: Database,
    private readonly codeSeal: CodeSeal,
    private readonly currentMacKeyId: () => string,
  ) {
    this.redeemOne = coalesceByKey((groups) => this.redeemGroups(groups), {
      key: ({ hash }) => hash,
      check: ({ envelope }) => assertStorable(`${envelope.sub}${envelope.client_id}${envelope.scopes.join()}${envelope.resources.join()}`),
    });
  }

  seal(envelope: CodeEnvelope): string {
    return this.codeSeal.seal(envelope);
  }

  open(value: string): CodeEnvelope | undefined {
    return this.codeSeal.open(value);
  }

  async redeem(value: string, envelope: CodeEnvelope, now: number, confirmation?: Confirmation): Promise<Redemption> {
    const hash = createHash('sha256').update(value).digest();
    // No row for an expired code: its partition may be gone. `replayed` wins over `expired`.
    if (envelope.expiresAt <= now) {
      const marks = await this.database.query(findMark, [hash, new Date(envelope.expiresAt)]);
      return marks.length > 0 ? 'replayed' : 'expired';
    }
    return await statementSpan(redeem.name, () => this.redeemOne({ hash: hash.toString('hex'), envelope, confirmation }));
  }

  /** Equal codes of one batch are one row: one wins, the others come second. */
  private async redeemGroups(groups: Presented[][]): Promise<Redemption[][]> {
    const first = groups.map((group) => this.toRow(group[0] as Presented)); // a group is never empty
    const rows = await this.database.query<{ code: string; verdict: Redemption }>(redeem, [JSON.stringify(first)]);
    const verdicts = new Map(rows.map((row) => [row.code, row.verdict]));
    return groups.map((group) =>
      group.map(({ hash }, place) => {
        const verdict = verdicts.get(hash);
        if (verdict === undefined) throw new Error('a redemption without a verdict');
        return place === 0 ? verdict : 'replayed';
      }),
    );
  }

  private toRow({ hash, envelope, confirmation }: Presented): Record<string, unknown> {
    const { grant_id, client_id, sub, scopes, resources, userinfo_claims = null, authentication } = envelope;
    return {
      code_hash: `\\x${hash}`,
      code_expires_at: new Date(envelope.expiresAt),
      issued_at: new Date(envelope.issuedAt),
      handle_hash: `\\x${handleHash(Buffer.from(envelope.handle, 'base64url')).toString('hex')}`,
      end_day: grantDay(envelope.grantExpiresAt),
      ...{ grant_id, client_id, sub, scopes, resources, userinfo_claims, authentication },
      sid: authentication.sid,
      bound: !envelope.offline,
      key_id: this.currentMacKeyId(),
      expires_at: new Date(envelope.grantExpiresAt),
      confirmation,
    };
  }
}
