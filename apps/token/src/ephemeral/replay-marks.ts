import { createHash } from 'node:crypto';
import type { Ephemeral } from '@authority/ephemeral';
import type { ReplayMarks } from '@authority/protocol';

/** One-time marks for assertions and proofs, over all replicas (KEYS.md). */
export class EphemeralReplayMarks implements ReplayMarks {
  constructor(private readonly ephemeral: Ephemeral) {}

  /** What a client sent may be long, or hold a NUL: its hash is the key. */
  markOnce(space: Parameters<ReplayMarks['markOnce']>[0], key: string, expiresAt: number): Promise<boolean> {
    return this.ephemeral.markOnce(space, createHash('sha256').update(key).digest('base64url'), expiresAt);
  }

  epochStartedAt(): number {
    return this.ephemeral.epochStartedAt();
  }
}
