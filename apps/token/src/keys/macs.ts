import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RefreshTokenMac } from '@authority/protocol';
import type { KeyRing, RingKey } from './key-ring.ts';

/** The uses of a MAC key are told apart by the first bytes of what they cover. */
const secretPurpose = 'authority client secret 1\0';

/** The MAC over refresh tokens (house.md, "Refresh"). */
export class RingRefreshTokenMac implements RefreshTokenMac {
  constructor(private readonly ring: KeyRing) {}

  currentKeyId(): string {
    return this.ring.current('mac', 'HS256').key_id;
  }

  mac(keyId: string, message: Uint8Array): Uint8Array | undefined {
    const key = macKey(this.ring, keyId);
    return key && createHmac('sha256', key).update('authority refresh token 1\0').update(message).digest();
  }
}

/** Digests of client secrets that have 256 bits of their own: no argon2id is needed (performance.md 9). */
export class SecretDigests {
  constructor(private readonly ring: KeyRing) {}

  make(client_id: string, secret: string): { key_id: string; digest: string } {
    const { key_id } = this.ring.current('mac', 'HS256');
    const digest = this.digest(key_id, client_id, secret);
    if (digest === undefined) throw new Error('the current MAC key is not in the ring');
    return { key_id, digest: digest.toString('base64url') };
  }

  isEqual(stored: { key_id: string; digest: string }, client_id: string, secret: string): boolean {
    const presented = this.digest(stored.key_id, client_id, secret);
    const kept = Buffer.from(stored.digest, 'base64url');
    return presented !== undefined && presented.length === kept.length && timingSafeEqual(presented, kept);
  }

  private digest(keyId: string, client_id: string, secret: string): Buffer | undefined {
    const key = macKey(this.ring, keyId);
    return key && createHmac('sha256', key).update(`${secretPurpose}${client_id}\0${secret}`).digest();
  }
}

const userCodePurpose = 'authority user code 1\0';

/**
 * User codes of devices at rest: of 34 bits a plain hash would tell the code. Keyed like refresh tokens, under every key that
 * may have made it.
 */
export class UserCodeMac {
  constructor(private readonly ring: KeyRing) {}

  make(user_code: string): string {
    return macOf(this.ring.current('mac', 'HS256'), user_code);
  }

  candidates(user_code: string): string[] {
    const keys = this.ring.all().filter((key) => key.use === 'mac' && key.secret !== undefined);
    return keys.map((key) => macOf(key, user_code));
  }
}

function macOf({ secret }: RingKey, user_code: string): string {
  if (secret === undefined) throw new Error('a MAC key without its secret');
  return createHmac('sha256', secret).update(userCodePurpose).update(user_code).digest('base64url');
}

function macKey(ring: KeyRing, keyId: string): RingKey['secret'] {
  const key = ring.find(keyId);
  return key?.use === 'mac' ? key.secret : undefined;
}
