import { StatusError } from '@authority/errors';
import { assertStorable, coalesce, type Database, statement } from '@authority/postgres';
import { blindedRevocation, type Revocations, type RevokedEntry, type RevokedKind } from '@authority/protocol';
import { grantOfJti } from '../random.ts';
import { ChangedRows } from './changed-rows.ts';
import type { Polled } from './replica-poll.ts';

interface RevocationRow {
  kind: RevokedKind;
  target: string;
  not_before: Date;
  gone_at: Date;
}

interface Entry {
  /** Unix milliseconds. */
  notBefore: number;
  goneAt: number;
  /** When this replica heard of it, as it is now. */
  learnedAt: number;
  /** Its name in the published list, once that was made. */
  hash?: string;
}

type Token = Parameters<Revocations['isRevoked']>[0];

const changed = statement(
  'revocations_changed',
  `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, kind, target, not_before, gone_at
   FROM (SELECT 1) AS one
   LEFT JOIN revocations ON revocations.xid >= $1::xid8 AND revocations.gone_at > now() - interval '1 minute'`,
);
const insertTokens = statement(
  'revocations_tokens',
  `INSERT INTO revocations (kind, target, not_before, gone_at)
   SELECT 'token', target, clock_timestamp(), to_timestamp(gone_at)
   FROM unnest($1::text[], $2::double precision[]) AS asked (target, gone_at)`,
);

/** When the row of an own entry was written, by the database's clock: known when the poll brings it, as to every replica. */
const unknown = 0;
const sweepMs = 60_000;
const dayMs = 86_400_000;
/** How long a client's own tokens go on without knowing what was revoked (house.md). */
const mintingStaleMs = 60_000;

/** The one revocation set: every live row in the memory of every replica. */
export class PostgresRevocations implements Revocations, Polled {
  private readonly changes = new ChangedRows<RevocationRow>(changed, (row) => row.kind !== null);
  private readonly entries: Readonly<Record<RevocationRow['kind'], Map<string, Entry>>> = {
    grant: new Map(),
    token: new Map(),
    session: new Map(),
    client: new Map(),
    subject: new Map(),
  };
  /** Grows with every change; for what is computed from the set. */
  revision = 0;
  private sweptAt = Date.now();
  private readonly revokeOne: (token: { jti: string; exp: number }) => Promise<void>;

  constructor(
    private readonly database: Database,
    private readonly lastGoodAt: () => number,
    private readonly stalenessSeconds: () => number,
  ) {
    this.revokeOne = coalesce((tokens) => this.insert(tokens), {
      key: ({ jti }) => jti,
      shareEqual: true,
      check: ({ jti }) => assertStorable(jti, 1024),
    });
  }

  isRevoked(token: Token): boolean {
    const grant = grantOfJti(token.jti);
    if (grant !== undefined && this.entries.grant.has(grant.grant_id)) return true;
    if (this.entries.token.size > 0 && beginnings(token.jti).some((jti) => this.entries.token.has(jti))) return true;
    if (token.sid !== undefined && this.entries.session.has(token.sid)) return true;
    if (this.isBefore('subject', token.sub, token, grant) || this.isBefore('client', token.client_id, token, grant)) return true;
    return token.exchanged_from?.some((client_id) => this.isBefore('client', client_id, token, grant)) ?? false;
  }

  assertFresh(now: number): void {
    this.assertPolled(now, this.stalenessSeconds() * 1000);
  }

  assertFreshEnoughToMint(now: number): void {
    this.assertPolled(now, Math.max(mintingStaleMs, this.stalenessSeconds() * 1000));
  }

  async revokeToken(token: { jti: string; exp: number }): Promise<void> {
    if (!this.entries.token.has(token.jti)) await this.revokeOne(token);
  }

  /** A grant that this replica has just ended: known here before anybody is answered. */
  addGrant(grant_id: string): void {
    this.entries.grant.set(grant_id, { notBefore: unknown, goneAt: Date.now() + dayMs, learnedAt: Date.now() });
    this.revision += 1;
  }

  async refresh(): Promise<void> {
    const { rows } = await this.changes.read(this.database);
    for (const row of rows) this.add(row);
    if (Date.now() - this.sweptAt > sweepMs) this.sweep(Date.now());
  }

  forget(): void {
    this.changes.forget();
  }

  /** Every entry that still matters and was heard of since then, as the published list names it. */
  *live(issuer: string, now: number, since = 0): Iterable<RevokedEntry> {
    for (const kind of Object.keys(this.entries) as RevokedKind[]) {
      for (const [target, entry] of this.entries[kind]) {
        if (entry.goneAt < now || entry.learnedAt < since) continue;
        entry.hash ??= blindedRevocation(issuer, kind, target);
        yield { kind, hash: entry.hash, notBefore: entry.notBefore };
      }
    }
  }

  size(): number {
    return Object.values(this.entries).reduce((sum, entries) => sum + entries.size, 0);
  }

  /**
   * A token under a grant is as old as the grant, to the millisecond. One without (client credentials) has `iat` alone:
   * issued in the second of the not-before, it counts as before it.
   */
  private isBefore(kind: 'subject' | 'client', target: string, token: Token, grant: ReturnType<typeof grantOfJti>): boolean {
    const entry = this.entries[kind].get(target);
    if (entry === undefined) return false;
    if ((grant?.authorizedAt ?? token.iat * 1000) <= entry.notBefore) return true;
    // As endingVerdict has it: made later of an older sign-in, before this server had heard of the end.
    return kind === 'subject' && token.auth_time !== undefined && token.auth_time < Math.floor(entry.notBefore / 1000);
  }

  private assertPolled(now: number, staleMs: number): void {
    if (now - this.lastGoodAt() <= staleMs) return;
    throw new StatusError('UNAVAILABLE', 'revocations_stale', { retryAfterMs: 1000 });
  }

  private add({ kind, target, not_before, gone_at }: RevocationRow): void {
    const known = this.entries[kind].get(target);
    const notBefore = Math.max(not_before.getTime(), known?.notBefore ?? 0);
    const learnedAt = known?.notBefore === notBefore ? known.learnedAt : Date.now();
    this.entries[kind].set(target, { ...known, notBefore, learnedAt, goneAt: Math.max(gone_at.getTime(), known?.goneAt ?? 0) });
    this.revision += 1;
  }

  private sweep(now: number): void {
    this.sweptAt = now;
    for (const entries of Object.values(this.entries)) {
      for (const [target, { goneAt }] of entries) if (goneAt < now) entries.delete(target);
    }
  }

  private async insert(tokens: { jti: string; exp: number }[]): Promise<undefined[]> {
    // A minute more than its life: clocks differ.
    await this.database.query(insertTokens, [tokens.map(({ jti }) => jti), tokens.map(({ exp }) => exp + 60)]);
    for (const { jti, exp } of tokens)
      this.entries.token.set(jti, { notBefore: unknown, learnedAt: Date.now(), goneAt: (exp + 60) * 1000 });
    this.revision += 1;
    return tokens.map(() => undefined);
  }
}

/** A `jti` and what it was made from: a token that was exchanged for another has the other's and its own part after a dot. */
function beginnings(jti: string): string[] {
  const all = [jti];
  for (let dot = jti.lastIndexOf('.'); dot > 0; dot = jti.lastIndexOf('.', dot - 1)) all.push(jti.slice(0, dot));
  return all;
}
