import { hkdfSync } from 'node:crypto';
import type { SealingKeys } from '@authority/protocol';
import type { KeyRing } from './key-ring.ts';

/** Keys of opaque access tokens, one derived for each token (house.md, "Keys"). */
export class AccessTokenKeys implements SealingKeys {
  constructor(private readonly ring: KeyRing) {}

  currentKeyId(): string {
    return this.ring.current('access_token', 'A256GCM').key_id;
  }

  deriveKey(keyId: string, salt: Uint8Array, info: string): Uint8Array | undefined {
    const key = this.ring.find(keyId);
    if (key?.use !== 'access_token' || key.secret === undefined) return undefined;
    return new Uint8Array(hkdfSync('sha256', key.secret, salt, info, 32));
  }
}
