import type { Ephemeral } from '@authority/ephemeral';
import type { DeviceVerifications, StoredDeviceVerification } from '@authority/protocol';
import { HandledValues } from './handled-values.ts';

/** People's ways through the device pages (KEYS.md). May be lost; then the person types the code again. */
export class EphemeralDeviceVerifications implements DeviceVerifications {
  private readonly verifications: HandledValues<StoredDeviceVerification>;

  constructor(ephemeral: Ephemeral) {
    this.verifications = new HandledValues(ephemeral, 'device_verification');
  }

  store(verification: StoredDeviceVerification): Promise<string> {
    return this.verifications.store(verification);
  }

  find(handle: string): Promise<StoredDeviceVerification | undefined> {
    return this.verifications.find(handle);
  }

  async update(handle: string, changes: Required<Pick<StoredDeviceVerification, 'user_code' | 'shown'>>): Promise<void> {
    await this.verifications.change(handle, (verification) => ({ ...verification, ...changes }));
  }

  async take(handle: string): Promise<void> {
    await this.verifications.take(handle);
  }
}
