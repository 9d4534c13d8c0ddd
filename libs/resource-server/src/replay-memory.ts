import type { ReplayMemory } from './options.ts';

/** More proofs than one process can verify while one counts. */
const most = 200_000;

/** Proofs that were seen, in this process's memory, for as long as each could be shown again. */
export class LocalReplayMemory implements ReplayMemory {
  /** In the order in which they came; each lives equally long, so the oldest ends first. */
  private readonly seen = new Map<string, number>();

  markOnce(key: string, expiresAt: number): boolean {
    const now = Date.now();
    for (const [oldest, end] of this.seen) {
      if (end > now) break;
      this.seen.delete(oldest);
    }
    // Full of proofs that all still count: to forget one would let it be replayed.
    if (this.seen.has(key) || this.seen.size >= most) return false;
    this.seen.set(key, expiresAt);
    return true;
  }
}
