import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { KeyTable, OwnKey } from './key-table.ts';

/** Where a value lives. A sealed value opens nowhere else, so that nobody who can write rows moves one to another. */
export interface Place {
  /** The kind of value: `totp`, `webhook`, `upstream`, … */
  readonly purpose: string;
  /** The row that holds it: the subject, the id of the webhook, … */
  readonly row: string;
}

const version = '1';
const saltLength = 16;
const tagLength = 16;
/** Each value has an AES key of its own (by its salt), so that a fixed nonce is used once and no count of values is too high. */
const nonce = Buffer.alloc(12);

/**
 * Values that must be used again (TOTP seeds, secrets of webhooks and of upstream providers), sealed with AES-256-GCM under a
 * random row of the owner's key table (style.md 20). As text: version, id of the key, salt with ciphertext and tag; `1.k_….…`.
 */
export class SealedValues {
  readonly #owner: string;
  readonly #keys: KeyTable;

  constructor(owner: string, keys: KeyTable) {
    this.#owner = owner;
    this.#keys = keys;
  }

  async seal(value: Uint8Array, place: Place): Promise<string> {
    const key = await this.#keys.current('sealing');
    const salt = randomBytes(saltLength);
    const cipher = createCipheriv('aes-256-gcm', valueKey(key, salt), nonce);
    cipher.setAAD(this.#boundTo(key, place));
    const sealed = Buffer.concat([salt, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
    return `${version}.${key.key_id}.${sealed.toString('base64url')}`;
  }

  /** Undefined for what was not sealed for this place, or whose key is gone. */
  async open(sealed: string, place: Place): Promise<Buffer | undefined> {
    const [form, key_id = '', text = '', ...more] = sealed.split('.');
    if (form !== version || more.length > 0) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length < saltLength + tagLength) return undefined;
    const key = await this.#keys.find(key_id, 'sealing');
    if (key === undefined) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', valueKey(key, bytes.subarray(0, saltLength)), nonce);
    decipher.setAAD(this.#boundTo(key, place));
    decipher.setAuthTag(bytes.subarray(-tagLength));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(saltLength, -tagLength)), decipher.final()]);
    } catch {
      return undefined;
    }
  }

  #boundTo({ key_id }: OwnKey, { purpose, row }: Place): Buffer {
    return Buffer.from(JSON.stringify([this.#owner, purpose, row, key_id]));
  }
}

function valueKey({ secret }: OwnKey, salt: Buffer): Buffer {
  return createHmac('sha256', secret).update('authority sealed value 1\0').update(salt).digest();
}
