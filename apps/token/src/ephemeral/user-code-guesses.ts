import { randomUUID } from 'node:crypto';
import { type Ephemeral, throttledAddress } from '@authority/ephemeral';
import { type Reason, StatusError } from '@authority/errors';
import type { UserCodeGuesses } from '@authority/protocol';
import type { TokenSettings } from '../settings.ts';

type Counters = Pick<Ephemeral, 'increment' | 'indexAdd' | 'indexMembers'>;

interface Bucket {
  space: string;
  key: string;
  limit: number;
  reason: Reason;
}

/**
 * Limits guesses at user codes (RFC 8628 §5.1): by person, which covers all of their sessions, by address, and for the
 * whole server. Person and address count an attempt before it is made, and a right one is given back, so that parallel
 * guesses are never more than the limit. The server counts the wrong ones after: what slips through at the same time is
 * bounded by the other two. When the store is away nobody guesses: its error goes through.
 */
export class EphemeralUserCodeGuesses implements UserCodeGuesses {
  constructor(
    private readonly counters: Counters,
    private readonly settings: TokenSettings,
  ) {}

  async admit({ sub, peer_address }: { sub: string; peer_address: string }, now: number): Promise<(wasRight: boolean) => Promise<void>> {
    const windowMs = this.settings.get('token.user_code_window') * 1000;
    const window = Math.floor(now / windowMs);
    const retryAfterMs = (window + 1) * windowMs - now;
    const refuse = (reason: Reason): StatusError => new StatusError('RESOURCE_EXHAUSTED', reason, { retryAfterMs });

    if ((await this.counters.indexMembers('user_code_flood', String(window))).length > 0) throw refuse('throttled_server');
    const buckets: Bucket[] = [
      { space: 'user_code_person', key: sub, limit: this.settings.get('token.user_code_attempts'), reason: 'throttled_person' },
      {
        ...{ space: 'user_code_address', key: throttledAddress(peer_address), reason: 'throttled_address' as const },
        limit: this.settings.get('token.user_code_address_attempts'),
      },
    ];
    for (const bucket of buckets) if (await this.isExceeded(bucket, window, windowMs)) throw refuse(bucket.reason);
    return (wasRight) => (wasRight ? this.giveBack(buckets, window, windowMs) : this.countWrong(window, windowMs));
  }

  private async isExceeded({ space, key, limit }: Bucket, window: number, windowMs: number): Promise<boolean> {
    const attempts = await this.counters.increment(space, key, windowMs);
    if (attempts <= limit) return false;
    const right = await this.counters.indexMembers(`${space}_ok`, `${key}@${window}`);
    return attempts - right.length > limit;
  }

  private async giveBack(buckets: readonly Bucket[], window: number, windowMs: number): Promise<void> {
    await Promise.all(buckets.map(({ space, key }) => this.counters.indexAdd(`${space}_ok`, `${key}@${window}`, randomUUID(), windowMs)));
  }

  private async countWrong(window: number, windowMs: number): Promise<void> {
    const wrong = await this.counters.increment('user_code_server', 'all', windowMs);
    if (wrong < this.settings.get('token.user_code_server_attempts')) return;
    await this.counters.indexAdd('user_code_flood', String(window), 'flood', windowMs);
  }
}
