import { type Ephemeral, throttledAddress } from '@authority/ephemeral';
import { StatusError } from '@authority/errors';
import type { DeviceAdmission } from '@authority/protocol';
import type { TokenSettings } from '../settings.ts';

/** Limits how many devices one address can begin to connect; counted before anything is stored for them. */
export class EphemeralDeviceAdmission implements DeviceAdmission {
  constructor(
    private readonly counters: Pick<Ephemeral, 'increment'>,
    private readonly settings: TokenSettings,
  ) {}

  async admit(peer_address: string, now: number): Promise<void> {
    const windowMs = this.settings.get('token.user_code_window') * 1000;
    const begun = await this.counters.increment('device_address', throttledAddress(peer_address), windowMs);
    if (begun <= this.settings.get('token.device_address_requests')) return;
    throw new StatusError('RESOURCE_EXHAUSTED', 'throttled_address', { retryAfterMs: windowMs - (now % windowMs) });
  }
}
