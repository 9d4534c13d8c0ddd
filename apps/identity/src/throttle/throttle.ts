import { createHash, randomUUID } from 'node:crypto';
import { type Ephemeral, throttledAddress } from '@authority/ephemeral';
import type { Reason } from '@authority/errors';
import type { IdentitySettings } from '../settings.ts';

/** Who tries to sign in. */
export interface Attempt {
  /** Normalised; whether it exists makes no difference here. */
  readonly identifier: string;
  readonly address: string;
  readonly browser: string;
  /** The browser has signed in to this account before. */
  readonly knownBrowser: boolean;
  readonly now: number;
}

export type Admission =
  | { readonly admitted: true; readonly succeeded: () => Promise<void> }
  | { readonly admitted: false; readonly retryAt: number; readonly reason: Reason };

type Counters = Pick<Ephemeral, 'increment' | 'indexAdd' | 'indexMembers'>;

interface Bucket {
  readonly space: string;
  readonly key: string;
  readonly limit: number;
  readonly reason: Reason;
}

/** An account under attack from many addresses leaves each of them this many attempts: slow for guessing, enough for a person. */
const attemptsUnderAttack = 3;
/** An account is under attack when its failures, from wherever, are this many times what one address may have. */
const attackFactor = 10;

/**
 * Slows down guessing without a way to lock anybody out for good. An attempt is counted before the password is looked at,
 * so that parallel guesses are never more than the limit; a success gives its attempt back. Browsers that have signed in
 * before have a bucket of their own, which a stranger's guesses do not fill; from an address without failures at least
 * three attempts in a window are always left. When the store is away nobody gets in: its error goes through.
 */
export class Throttle {
  readonly #counters: Counters;
  readonly #settings: IdentitySettings;

  constructor(counters: Counters, settings: IdentitySettings) {
    this.#counters = counters;
    this.#settings = settings;
  }

  async admit(attempt: Attempt): Promise<Admission> {
    if (!this.#settings.get('throttle.enabled')) return unlimited;
    const account = keyOf(attempt.identifier);
    const perAccount = this.#settings.get('throttle.account_attempts');
    if (attempt.knownBrowser) {
      const key = `${account}:${attempt.browser}`;
      return this.#judge([{ space: 'throttle_browser', key, limit: perAccount, reason: 'throttled_account' }], attempt.now);
    }
    const address = throttledAddress(attempt.address);
    const everywhere = { space: 'throttle_account', key: account, limit: perAccount * attackFactor, reason: 'throttled_account' } as const;
    const isUnderAttack = (await this.#excess([everywhere], attempt.now)).length > 0;
    const limit = isUnderAttack ? Math.min(perAccount, attemptsUnderAttack) : perAccount;
    const buckets: Bucket[] = [
      { space: 'throttle_pair', key: `${account}:${address}`, limit, reason: 'throttled_account' },
      { space: 'throttle_address', key: address, limit: this.#settings.get('throttle.address_attempts'), reason: 'throttled_address' },
    ];
    return this.#judge(buckets, attempt.now, [everywhere]);
  }

  /** Registrations count whether they succeed or not: each may fill the table, or ask whether an address is taken. */
  async admitRegistration(address: string, now: number): Promise<Admission> {
    if (!this.#settings.get('throttle.enabled')) return unlimited;
    const limit = this.#settings.get('throttle.address_attempts');
    const bucket = { space: 'throttle_register', key: throttledAddress(address), limit, reason: 'throttled_address' } as const;
    const admission = await this.#judge([bucket], now);
    return admission.admitted ? unlimited : admission;
  }

  async #judge(buckets: readonly Bucket[], now: number, others: readonly Bucket[] = []): Promise<Admission> {
    const [excess] = await this.#excess(buckets, now);
    const window = this.#windowMs();
    const number = Math.floor(now / window);
    if (excess) return { admitted: false, retryAt: (number + 1) * window, reason: excess.reason };
    return {
      admitted: true,
      succeeded: async () => {
        const given = [...buckets, ...others].map(({ space, key }) =>
          this.#counters.indexAdd(`${space}_ok`, `${key}@${number}`, randomUUID(), window),
        );
        await Promise.all(given);
      },
    };
  }

  /** Counts the attempt in each bucket; the buckets that have too many. Successes are asked for only then. */
  async #excess(buckets: readonly Bucket[], now: number): Promise<Bucket[]> {
    const window = this.#windowMs();
    const number = Math.floor(now / window);
    const judged = buckets.map(async (bucket) => {
      const attempts = await this.#counters.increment(bucket.space, bucket.key, window);
      if (attempts <= bucket.limit) return [];
      const successes = await this.#counters.indexMembers(`${bucket.space}_ok`, `${bucket.key}@${number}`);
      return attempts - successes.length <= bucket.limit ? [] : [bucket];
    });
    return (await Promise.all(judged)).flat();
  }

  #windowMs(): number {
    return this.#settings.get('throttle.window') * 1000;
  }
}

const unlimited: Admission = { admitted: true, succeeded: () => Promise.resolve() };

/** The store has no use for the addresses of people. */
const keyOf = (identifier: string): string => createHash('sha256').update(identifier).digest('base64url').slice(0, 22);
