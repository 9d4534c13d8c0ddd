import { type Ephemeral, throttledAddress } from '@authority/ephemeral';
import type { Reason } from '@authority/errors';
import type { IdentitySettings } from '../settings.ts';
import type { MailLimits } from '../mails/limits.ts';

export type SendAdmission = { readonly admitted: true } | { readonly admitted: false; readonly retryAt: number; readonly reason: Reason };

const hourMs = 3_600_000;

/**
 * How often codes are sent to an address, and asked for from a network: counted before anything is looked up, so that the
 * answer does not depend on who has the address. These counts go with the short-lived store; the limit by day does not
 * (`Codes.create`).
 */
export class SendLimits {
  readonly #counters: Pick<Ephemeral, 'increment'>;
  readonly #mails: Pick<MailLimits, 'admit'>;
  readonly #settings: IdentitySettings;

  constructor(counters: Pick<Ephemeral, 'increment'>, mails: Pick<MailLimits, 'admit'>, settings: IdentitySettings) {
    this.#counters = counters;
    this.#mails = mails;
    this.#settings = settings;
  }

  async admit(address: string, network: string, now: number): Promise<SendAdmission> {
    if (!this.#settings.get('throttle.enabled')) return { admitted: true };
    const windowMs = this.#settings.get('throttle.window') * 1000;
    // The network first: whoever asks for many addresses fills no bucket of others with what is refused.
    const fromNetwork = await this.#counters.increment('code_network', throttledAddress(network), windowMs);
    if (fromNetwork > this.#settings.get('code.sends_per_network')) return refused(now, windowMs, 'throttled_address');
    return this.admitAddress(address, now);
  }

  /** Where the network is limited by something else. */
  async admitAddress(address: string, now: number): Promise<SendAdmission> {
    return (await this.#mails.admit(address)) ? { admitted: true } : refused(now, hourMs, 'throttled_account');
  }
}

const refused = (now: number, windowMs: number, reason: Reason): SendAdmission => ({
  admitted: false,
  retryAt: (Math.floor(now / windowMs) + 1) * windowMs,
  reason,
});
