import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DpopNonces } from '@authority/protocol';
import type { KeyRing } from './key-ring.ts';

const version = 1;
const timeLength = 6;
const tagLength = 16;

/**
 * Nonces for DPoP proofs: version (1), time (6, Unix ms), key id, tag (16); base64url. Stateless on purpose: a nonce says
 * when a proof can have been made at the earliest, and that it is used once is the mark's business, so there is nothing to
 * store for it. Every replica takes those of the others, also after the store of short-lived state is lost.
 */
export class RingDpopNonces implements DpopNonces {
  constructor(private readonly ring: KeyRing) {}

  make(now: number): string {
    const { key_id, secret } = this.ring.current('mac', 'HS256');
    if (secret === undefined) throw new Error('a MAC key without its secret');
    const head = Buffer.alloc(1 + timeLength + key_id.length);
    head.writeUInt8(version, 0);
    head.writeUIntBE(now, 1, timeLength);
    head.write(key_id, 1 + timeLength, 'latin1');
    return Buffer.concat([head, tagOf(secret, head)]).toString('base64url');
  }

  issuedAt(nonce: string): number | undefined {
    if (nonce.length > 128) return undefined;
    const bytes = Buffer.from(nonce, 'base64url');
    const head = bytes.subarray(0, -tagLength);
    if (bytes[0] !== version || head.length <= 1 + timeLength) return undefined;
    const key = this.ring.find(head.toString('latin1', 1 + timeLength));
    if (key?.use !== 'mac' || key.secret === undefined) return undefined;
    if (!timingSafeEqual(tagOf(key.secret, head), bytes.subarray(-tagLength))) return undefined;
    return head.readUIntBE(1, timeLength);
  }
}

function tagOf(secret: Buffer, head: Buffer): Buffer {
  return createHmac('sha256', secret).update('authority dpop nonce 1\0').update(head).digest().subarray(0, tagLength);
}
