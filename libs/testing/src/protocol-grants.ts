import type {
  CodeEnvelope,
  Confirmation,
  Grants,
  LiveGrant,
  PresentedRefreshToken,
  RefreshOutcome,
  RefreshTokenParts,
  RevocationReason,
} from '@authority/protocol';

/** A grant's row. */
interface GrantRow {
  grant: LiveGrant;
  handle: string;
  generation: number;
  steppedAt: number;
  revoked: RevocationReason | undefined;
}

/** The grace window of a rotation (house.md, "Refresh"). */
const graceMs = 10_000;

function isShown(bound: Confirmation = {}, shown: Confirmation = {}): boolean {
  return Object.entries(bound).every(([name, value]) => Object.entries(shown).some(([n, v]) => n === name && v === value));
}

type Ended = 'subject_revoked' | 'client_disabled' | 'session_ended';

export class FakeGrants implements Grants {
  readonly rows: GrantRow[] = [];
  /** Generation steps, and rows read without one. */
  steps = 0;
  reads = 0;
  keyId = 'mac-1';
  /** What a not-before would answer. */
  verdict: Ended | undefined;
  readonly #onRevoked: (grant_id: string) => void;

  constructor(onRevoked: (grant_id: string) => void) {
    this.#onRevoked = onRevoked;
  }

  insert(envelope: CodeEnvelope, confirmation?: Confirmation): void {
    const { grant_id, client_id, sub, scopes, resources, userinfo_claims, authentication, issuedAt, grantExpiresAt } = envelope;
    const grant: LiveGrant = {
      ...{ grant_id, client_id, sub, scopes, resources, authentication, createdAt: issuedAt, expiresAt: grantExpiresAt },
      ...(userinfo_claims && { userinfo_claims }),
      ...(envelope.offline || authentication.sid === undefined ? undefined : { sid: authentication.sid }),
      ...(confirmation && { confirmation }),
    };
    this.add(grant, envelope.handle);
  }

  /** `handle` is base64url. */
  add(grant: LiveGrant, handle: string): void {
    this.rows.push({ grant, handle, generation: 0, steppedAt: 0, revoked: undefined });
  }

  async create(grant: LiveGrant, handle: Uint8Array): Promise<'created' | Ended> {
    if (this.verdict) return this.verdict;
    this.rows.push({ grant, handle: Buffer.from(handle).toString('base64url'), generation: 0, steppedAt: 0, revoked: undefined });
    return 'created';
  }

  async rotate(presented: PresentedRefreshToken, now: number): Promise<RefreshOutcome> {
    const row = this.#find(presented);
    if (!row) return { outcome: 'unknown' };
    if (row.grant.client_id !== presented.client_id) return { outcome: 'other_client' };
    if (!isShown(row.grant.confirmation, presented.confirmation)) return { outcome: 'other_key' };
    if (!presented.scopes.every((scope) => row.grant.scopes.includes(scope))) return { outcome: 'scope_exceeds_grant' };
    if (!presented.resources.every((resource) => row.grant.resources.includes(resource))) return { outcome: 'resource_exceeds_grant' };
    const ended = this.#endOf(row, now);
    if (ended) return ended;
    const again = presented.generation === row.generation - 1 && row.steppedAt > now - graceMs;
    if (presented.generation < row.generation && !again) {
      this.#revoke(row, 'refresh_token_reused');
      return { outcome: 'reused', grant: row.grant };
    }
    if (!again) {
      this.steps += 1;
      row.generation = presented.generation + 1;
      row.steppedAt = now;
      if (presented.confirmation) row.grant.confirmation ??= presented.confirmation;
    }
    return this.#live(row);
  }

  async read(parts: RefreshTokenParts, now: number): Promise<RefreshOutcome> {
    this.reads += 1;
    const row = this.#find(parts);
    if (!row) return { outcome: 'unknown' };
    const ended = this.#endOf(row, now);
    if (ended) return ended;
    if (parts.generation < row.generation - 1) return { outcome: 'reused', grant: row.grant };
    return this.#live(row);
  }

  async revoke(grant_id: string, _partition: number, why: RevocationReason): Promise<void> {
    const row = this.rows.find(({ grant }) => grant.grant_id === grant_id);
    if (row) this.#revoke(row, why);
  }

  #find({ handle }: RefreshTokenParts): GrantRow | undefined {
    return this.rows.find((row) => row.handle === Buffer.from(handle).toString('base64url'));
  }

  #endOf({ grant, revoked }: GrantRow, now: number): RefreshOutcome | undefined {
    if (revoked) return { outcome: 'revoked', grant };
    if (grant.expiresAt <= now) return { outcome: 'expired', grant };
    return this.verdict && { outcome: this.verdict, grant };
  }

  #revoke(row: GrantRow, why: RevocationReason): void {
    row.revoked ??= why;
    this.#onRevoked(row.grant.grant_id);
  }

  #live({ grant, generation }: GrantRow): RefreshOutcome {
    return { outcome: 'live', grant, generation, keyId: this.keyId };
  }
}
