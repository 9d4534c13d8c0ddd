import { assertStorable, coalesce, coalesceByKey, type Database } from '@authority/postgres';
import type { Grants, LiveGrant, PresentedRefreshToken, RefreshOutcome, RefreshTokenParts, RevocationReason } from '@authority/protocol';
import { counter } from '@authority/telemetry';
import { fromRow, type GrantRow, grantDay, handleHash } from './grant-rows.ts';
import { createGrant, readGrants, revokeGrants, rotateGrants } from './grant-statements.ts';
import { statementSpan } from './statement-span.ts';
import { inTurns } from './turns.ts';

const generationsAhead = counter(
  'authority_refresh_generations_ahead_total',
  'Refresh tokens whose generation was above their row: the store has lost writes (failover, restore).',
);

/** The judged row of a statement; `step`, `ahead`, `again` and `live` are live. */
interface JudgedRow extends GrantRow {
  handle: string;
  verdict: 'step' | 'ahead' | 'again' | Exclude<RefreshOutcome['outcome'], 'unknown'>;
  generation: number;
  key_id: string;
}

interface Presented<P> {
  parts: P;
  hash: Buffer;
  handle: string;
}

interface Revoked {
  grant_id: string;
  partition: number;
  why: RevocationReason;
}

/** Grants behind refresh tokens (house.md, "Refresh"; performance.md 6). */
export class PostgresGrants implements Grants {
  private readonly rotateOne: (presented: Presented<PresentedRefreshToken>) => Promise<RefreshOutcome>;
  private readonly readOne: (presented: Presented<RefreshTokenParts>) => Promise<RefreshOutcome>;
  private readonly revokeOne: (revoked: Revoked) => Promise<void>;

  constructor(
    private readonly database: Database,
    private readonly currentMacKeyId: () => string,
    private readonly graceSeconds: () => number,
    /** Makes what was revoked known to this replica's memory before the caller is answered. */
    private readonly revoked: (grant_id: string) => void,
  ) {
    const key = <P extends RefreshTokenParts>({ parts, handle }: Presented<P>): string => `${parts.partition}/${handle}`;
    this.rotateOne = coalesceByKey((groups) => inTurns(groups, turnOf, (some) => this.rotateEach(some)), {
      key,
      check: ({ parts }) => assertStorable([parts.client_id, ...parts.scopes, ...parts.resources].join(' ')),
    });
    this.readOne = coalesceByKey((groups) => this.readGroups(groups), { key });
    this.revokeOne = coalesce((inputs) => this.revokeAll(inputs), {
      key: ({ partition, grant_id }) => `${partition}/${grant_id}`,
      shareEqual: true,
    });
  }

  async create(grant: LiveGrant, handle: Uint8Array): ReturnType<Grants['create']> {
    const { grant_id, client_id, sub, scopes, resources, authentication, confirmation } = grant;
    const row = {
      handle_hash: `\\x${handleHash(handle).toString('hex')}`,
      end_day: grantDay(grant.expiresAt),
      ...{ grant_id, client_id, sub, sid: grant.sid, scopes, resources, authentication, key_id: this.currentMacKeyId() },
      confirmation,
      created_at: new Date(grant.createdAt),
      expires_at: new Date(grant.expiresAt),
    };
    assertStorable([client_id, sub, ...scopes, ...resources].join(' '));
    const values = [JSON.stringify(row)];
    const [judged] = await statementSpan(createGrant.name, () =>
      this.database.query<{ verdict: Awaited<ReturnType<Grants['create']>> }>(createGrant, values),
    );
    if (!judged) throw new Error('a new grant without a verdict');
    return judged.verdict;
  }

  rotate(presented: PresentedRefreshToken): Promise<RefreshOutcome> {
    return statementSpan(rotateGrants.name, () => this.rotateOne(withHash(presented)));
  }

  read(parts: RefreshTokenParts): Promise<RefreshOutcome> {
    return statementSpan(readGrants.name, () => this.readOne(withHash(parts)));
  }

  revoke(grant_id: string, partition: number, why: RevocationReason): Promise<void> {
    return statementSpan(revokeGrants.name, () => this.revokeOne({ grant_id, partition, why }));
  }

  /** One statement a partition, so that each names its partition. */
  private async rotateEach(presented: readonly Presented<PresentedRefreshToken>[]): Promise<RefreshOutcome[]> {
    return await eachPartition(presented, async (partition, some) => {
      const asked = some.map(({ parts, handle }) => ({
        handle_hash: `\\x${handle}`,
        presented: parts.generation,
        asked_by: parts.client_id,
        asked_scopes: parts.scopes,
        asked_resources: parts.resources,
        shown: parts.confirmation,
      }));
      const hashes = some.map(({ hash }) => hash);
      const values = [partition, JSON.stringify(asked), hashes, this.graceSeconds(), this.currentMacKeyId()];
      const rows = await this.database.query<JudgedRow>(rotateGrants, values);
      for (const row of rows) this.note(row);
      const byHandle = new Map(rows.map((row) => [row.handle, row]));
      return some.map(({ handle }) => outcomeOf(byHandle.get(handle)));
    });
  }

  private async readGroups(groups: Presented<RefreshTokenParts>[][]): Promise<RefreshOutcome[][]> {
    const answers = await eachPartition(groups.flat(), async (partition, some) => {
      const hashes = new Map(some.map(({ handle, hash }) => [handle, hash]));
      const rows = await this.database.query<JudgedRow>(readGrants, [partition, [...hashes.values()]]);
      const byHandle = new Map(rows.map((row) => [row.handle, row]));
      return some.map(({ parts, handle }) => readOutcome(byHandle.get(handle), parts.generation));
    });
    let next = 0;
    return groups.map((group) => group.map(() => answers[next++] ?? { outcome: 'unknown' }));
  }

  private async revokeAll(inputs: Revoked[]): Promise<undefined[]> {
    const byPartition = Map.groupBy(inputs, ({ partition }) => partition);
    for (const [partition, some] of byPartition) {
      await this.database.query(revokeGrants, [partition, some.map(({ grant_id }) => grant_id), some.map(({ why }) => why)]);
    }
    for (const { grant_id } of inputs) this.revoked(grant_id);
    return inputs.map(() => undefined);
  }

  private note({ verdict, grant_id }: JudgedRow): void {
    if (verdict === 'ahead') generationsAhead.add(1);
    if (verdict === 'reused') this.revoked(grant_id);
  }
}

function withHash<P extends RefreshTokenParts>(parts: P): Presented<P> {
  const hash = handleHash(parts.handle);
  return { parts, hash, handle: hash.toString('hex') };
}

/**
 * Equal requests are one. A handle that is presented in several generations takes its turns from the oldest on, so that
 * the one within the grace window is answered before the current one steps.
 */
function turnOf({ parts }: Presented<PresentedRefreshToken>): { order: number; equal: string } {
  const { generation, client_id, scopes, resources, confirmation } = parts;
  return { order: generation, equal: JSON.stringify([generation, client_id, scopes, resources, confirmation]) };
}

async function eachPartition<P extends RefreshTokenParts>(
  presented: readonly Presented<P>[],
  ask: (partition: number, some: readonly Presented<P>[]) => Promise<RefreshOutcome[]>,
): Promise<RefreshOutcome[]> {
  const byPartition = Map.groupBy(presented, ({ parts }) => parts.partition);
  const answers = new Map<Presented<P>, RefreshOutcome>();
  const asks = [...byPartition].map(async ([partition, some]) => {
    const outcomes = await ask(partition, some);
    for (const [at, one] of some.entries()) answers.set(one, outcomes[at] ?? { outcome: 'unknown' });
  });
  await Promise.all(asks);
  return presented.map((one) => answers.get(one) ?? { outcome: 'unknown' });
}

function outcomeOf(row: JudgedRow | undefined): RefreshOutcome {
  if (row === undefined) return { outcome: 'unknown' };
  const { verdict, generation, key_id } = row;
  const grant = fromRow(row);
  if (verdict === 'step' || verdict === 'ahead' || verdict === 'again' || verdict === 'live') {
    return { outcome: 'live', grant, generation, keyId: key_id };
  }
  return { outcome: verdict, grant };
}

/** A token that does not rotate may be one behind: its client rotated before, and its answer was lost. */
function readOutcome(row: JudgedRow | undefined, presented: number): RefreshOutcome {
  if (row?.verdict === 'live' && presented < row.generation - 1) return { outcome: 'reused', grant: fromRow(row) };
  return outcomeOf(row);
}
