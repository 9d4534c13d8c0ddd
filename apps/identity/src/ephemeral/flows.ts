import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { type Ephemeral, isSameDigest, newHandle, readHandle } from '@authority/ephemeral';
import type { Flows, FlowState, StoredFlow } from '../flows/state.ts';

const space = 'flow';

interface FlowValue {
  readonly v: 1;
  /** SHA-256 of the handle's secret. */
  readonly digest: string;
  /** The state, under a key that only who holds the handle has: nonce, ciphertext and tag, base64url. */
  readonly sealed: string;
}

/**
 * Flows in the ephemeral store (KEYS.md). A flow knows what a person typed, what was asked of an upstream provider, and
 * handles of others; so a dump of the store opens none of them.
 */
export class EphemeralFlows implements Flows {
  readonly #store: Ephemeral;
  readonly #now: () => number;

  constructor(store: Ephemeral, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  async start(state: FlowState): Promise<StoredFlow> {
    const ttl = this.#left(state);
    const { handle, id, digest } = newHandle(this.#store.mint(ttl));
    const stored = write(handle, digest, state);
    await this.#store.put(space, id, stored, ttl);
    return { handle, id, stored, state };
  }

  async find(handle: string): Promise<StoredFlow | undefined> {
    const presented = readHandle(handle);
    const stored = presented && (await this.#store.get(space, presented.id));
    if (!presented || stored === undefined) return undefined;
    const { v, digest, sealed } = JSON.parse(stored) as FlowValue; // written by `write`, of this version
    if (v !== 1 || !isSameDigest(digest, presented.digest)) return undefined;
    return { handle, id: presented.id, stored, state: open(handle, sealed) };
  }

  change(flow: StoredFlow, state: FlowState): Promise<boolean> {
    const { digest } = JSON.parse(flow.stored) as FlowValue; // as above
    return this.#store.compareAndSet(space, flow.id, flow.stored, write(flow.handle, digest, state), this.#left(state));
  }

  async finish(flow: StoredFlow): Promise<boolean> {
    return (await this.#store.take(space, flow.id)) !== undefined;
  }

  #left(state: FlowState): number {
    return Math.max(1, state.expiresAt - this.#now());
  }
}

const [nonceLength, tagLength] = [12, 16];

/** Of the handle's secret, 128 random bits of which the store has only the digest. */
const keyOf = (handle: string): Buffer => createHmac('sha256', handle).update('authority flow 1').digest();

function write(handle: string, digest: string, state: FlowState): string {
  const nonce = randomBytes(nonceLength);
  const cipher = createCipheriv('aes-256-gcm', keyOf(handle), nonce);
  const sealed = Buffer.concat([nonce, cipher.update(JSON.stringify(state)), cipher.final(), cipher.getAuthTag()]).toString('base64url');
  return JSON.stringify({ v: 1, digest, sealed } satisfies FlowValue);
}

/** The digest has been compared: what does not open was not written by `write`, and that is a fault. */
function open(handle: string, sealed: string): FlowState {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', keyOf(handle), bytes.subarray(0, nonceLength));
  decipher.setAuthTag(bytes.subarray(-tagLength));
  const text = Buffer.concat([decipher.update(bytes.subarray(nonceLength, -tagLength)), decipher.final()]).toString('utf8');
  return JSON.parse(text) as FlowState; // as above
}
