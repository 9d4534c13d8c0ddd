import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyTable, OwnKey } from './key-table.ts';
import type { Place } from './sealed-values.ts';

/** What is stored of a value that is only compared. */
export interface MadeMac {
  readonly key_id: string;
  /** base64url. */
  readonly mac: string;
}

/**
 * Digests of values that are only compared and that could be guessed from a plain hash (recovery codes, codes by mail): an
 * HMAC under a random row of the owner's key table. A dump of the store alone allows no guess at all.
 */
export class Macs {
  readonly #owner: string;
  readonly #keys: KeyTable;

  constructor(owner: string, keys: KeyTable) {
    this.#owner = owner;
    this.#keys = keys;
  }

  async make(value: string, place: Place): Promise<MadeMac> {
    const key = await this.#keys.current('mac');
    return { key_id: key.key_id, mac: this.#digest(key, value, place).toString('base64url') };
  }

  /** The same under a key that made others; undefined when that key is gone. */
  async again(key_id: string, value: string, place: Place): Promise<MadeMac | undefined> {
    const key = await this.#keys.find(key_id, 'mac');
    return key && { key_id, mac: this.#digest(key, value, place).toString('base64url') };
  }

  async isEqual({ key_id, mac }: MadeMac, value: string, place: Place): Promise<boolean> {
    const key = await this.#keys.find(key_id, 'mac');
    const stored = Buffer.from(mac, 'base64url');
    if (key === undefined) return false;
    const shown = this.#digest(key, value, place);
    return stored.length === shown.length && timingSafeEqual(stored, shown);
  }

  #digest({ secret }: OwnKey, value: string, { purpose, row }: Place): Buffer {
    return createHmac('sha256', secret)
      .update(JSON.stringify(['authority mac 1', this.#owner, purpose, row, value]))
      .digest();
  }
}
