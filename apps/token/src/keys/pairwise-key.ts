import { createHmac } from 'node:crypto';
import type { PairwiseKey } from '@authority/protocol';
import type { KeyRing } from './key-ring.ts';

/** The key of pairwise subjects (house.md, "Keys"). A fault where it is missing: another would make strangers of people. */
export class RingPairwiseKey implements PairwiseKey {
  constructor(private readonly ring: KeyRing) {}

  mac(message: string): Uint8Array {
    const { secret } = this.ring.current('pairwise', 'HS256');
    if (secret === undefined) throw new Error('a pairwise key without its secret');
    return createHmac('sha256', secret).update('authority pairwise 1\0').update(message).digest();
  }
}
