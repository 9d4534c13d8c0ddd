import type { KeyObject } from 'node:crypto';
import type { KeyUse } from './key-material.ts';

/** An unwrapped key in this replica's memory. */
export interface RingKey {
  key_id: string;
  use: KeyUse;
  alg: string;
  /** Unix milliseconds from which it makes new things; before that it only verifies. */
  activateAt: number;
  /** MAC and sealing keys. */
  secret?: Buffer;
  /** Signing and encryption keys. */
  pair?: { privateKey: KeyObject; publicKey: KeyObject };
  public_jwk?: Record<string, unknown>;
}

export type KeyState = 'next' | 'current' | 'previous';

/**
 * The keys of the key table as this replica knows them. `current` makes, `next` is published and waits for its time, so
 * that every replica and verifier has seen it before it signs; `previous` still verifies.
 */
export class KeyRing {
  private readonly keys = new Map<string, RingKey>();
  /** Newest activation first. */
  private byKind = new Map<string, RingKey[]>();
  /** Grows with every change; for what is computed from the ring. */
  revision = 0;

  replace(changed: readonly RingKey[], gone: readonly string[]): void {
    for (const key of changed) this.keys.set(key.key_id, key);
    for (const key_id of gone) this.keys.delete(key_id);
    const sorted = [...this.keys.values()].sort((a, b) => b.activateAt - a.activateAt || (a.key_id < b.key_id ? 1 : -1));
    this.byKind = Map.groupBy(sorted, kindOf);
    this.revision += 1;
  }

  find(key_id: string): RingKey | undefined {
    return this.keys.get(key_id);
  }

  has(key_id: string): boolean {
    return this.keys.has(key_id);
  }

  all(): readonly RingKey[] {
    return [...this.byKind.values()].flat();
  }

  /** The key that makes new things now. A fault when there is none: the migration makes one of each kind. */
  current(use: KeyUse, alg: string): RingKey {
    const found = this.findCurrent(use, alg, Date.now());
    if (found === undefined) throw new Error(`there is no ${use} key for ${alg}`);
    return found;
  }

  findCurrent(use: KeyUse, alg: string, now: number): RingKey | undefined {
    return this.byKind.get(`${use}/${alg}`)?.find((key) => key.activateAt <= now);
  }

  stateOf(key: Pick<RingKey, 'key_id' | 'use' | 'alg' | 'activateAt'>, now: number): KeyState {
    if (key.activateAt > now) return 'next';
    return this.findCurrent(key.use, key.alg, now)?.key_id === key.key_id ? 'current' : 'previous';
  }
}

function kindOf(key: RingKey): string {
  return `${key.use}/${key.alg}`;
}
