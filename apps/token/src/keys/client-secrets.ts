import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Client } from '@authority/protocol';
import type { KeyRing, RingKey } from './key-ring.ts';
import type { SecretDigests } from './macs.ts';

/** How a secret that the server made is stored. */
export interface KeptSecret {
  kind: 'hmac' | 'wrapped';
  key_id: string;
  digest: string;
}

const version = 1;
const saltLength = 16;
const tagLength = 16;
/** Each secret has an AES key of its own, so that a fixed nonce is used once. */
const nonce = Buffer.alloc(12);

/**
 * Secrets that the server made. Most are only compared, and kept as a digest. Those of `client_secret_jwt` must be used again,
 * and are wrapped under a sealing key of the key table (style.md 20): version (1), salt (16), ciphertext, tag (16); base64url.
 * Not under the system secret itself, which could then not be replaced without them; a key that wraps some cannot be deleted.
 */
export class ClientSecrets {
  constructor(
    private readonly ring: KeyRing,
    private readonly digests: SecretDigests,
  ) {}

  keep({ client_id, token_endpoint_auth_method }: Pick<Client, 'client_id' | 'token_endpoint_auth_method'>, secret: string): KeptSecret {
    if (token_endpoint_auth_method !== 'client_secret_jwt') return { kind: 'hmac', ...this.digests.make(client_id, secret) };
    const key = this.ring.current('sealing', 'A256GCM');
    const head = Buffer.concat([Buffer.of(version), randomBytes(saltLength)]);
    const cipher = createCipheriv('aes-256-gcm', wrappingKey(key, client_id, head), nonce);
    const sealed = Buffer.concat([head, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return { kind: 'wrapped', key_id: key.key_id, digest: sealed.toString('base64url') };
  }

  /** Undefined for what was not wrapped for this client. */
  open({ kind, key_id, digest }: { kind: string; key_id: string; digest: string }, client_id: string): string | undefined {
    const key = this.ring.find(key_id);
    const bytes = Buffer.from(digest, 'base64url');
    const head = bytes.subarray(0, 1 + saltLength);
    if (kind !== 'wrapped' || key?.use !== 'sealing' || bytes[0] !== version || bytes.length <= head.length + tagLength) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', wrappingKey(key, client_id, head), nonce);
    decipher.setAuthTag(bytes.subarray(-tagLength));
    try {
      return decipher.update(bytes.subarray(head.length, -tagLength), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      return undefined;
    }
  }

  /** Whether a secret that was shown is this one. */
  isEqual(stored: { kind: string; key_id: string; digest: string }, client_id: string, secret: string): boolean {
    if (stored.kind === 'hmac') return this.digests.isEqual(stored, client_id, secret);
    const opened = Buffer.from(this.open(stored, client_id) ?? '');
    const shown = Buffer.from(secret);
    return opened.length > 0 && opened.length === shown.length && timingSafeEqual(opened, shown);
  }
}

/** The client is in the key: moved to another client's row, a secret does not open. */
function wrappingKey({ secret }: RingKey, client_id: string, head: Buffer): Buffer {
  if (secret === undefined) throw new Error('a sealing key without its secret');
  return createHmac('sha256', secret).update('authority client secret wrapping 1\0').update(head).update(client_id).digest();
}
