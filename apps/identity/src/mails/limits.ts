import { createHash } from 'node:crypto';
import type { Ephemeral } from '@authority/ephemeral';
import type { IdentitySettings } from '../settings.ts';

const hourMs = 3_600_000;

/**
 * How many mails strangers can have sent to one address in an hour, whatever the kind and whether it has an account: the
 * answer to the browser is the same when there are too many, and no mail goes out. Counted before anything is looked up.
 */
export class MailLimits {
  readonly #counters: Pick<Ephemeral, 'increment'>;
  readonly #settings: IdentitySettings;

  constructor(counters: Pick<Ephemeral, 'increment'>, settings: IdentitySettings) {
    this.#counters = counters;
    this.#settings = settings;
  }

  /** Counts one more; false when it is one too many. `address` is normalised. */
  async admit(address: string): Promise<boolean> {
    if (!this.#settings.get('throttle.enabled')) return true;
    // The store has no use for the addresses of people.
    const key = createHash('sha256').update(address).digest('base64url').slice(0, 22);
    return (await this.#counters.increment('mail_address', key, hourMs)) <= this.#settings.get('mail.address_limit');
  }
}
