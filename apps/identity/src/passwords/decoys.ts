import type { Macs } from '@authority/sealing';
import { needsRehash } from './argon2.ts';

/** Hashes that stand in for those of people who are not there, or have no password. */
export interface Decoys {
  /** The hash that a password for this identifier is compared with, so that it takes as long; undefined: one of ours. */
  find(identifier: string): Promise<string | undefined>;
}

export interface DecoyPorts {
  /** Hashes of a fair sample of all people, the same at every replica. */
  readonly sample: () => Promise<readonly string[]>;
  readonly macs: Pick<Macs, 'make'>;
  readonly now: () => number;
}

const freshMs = 60_000;

/**
 * After an import people have hashes that take other times than ours. Somebody unknown then takes the time of one of them,
 * always the same one for an identifier (by a keyed digest), and of all unknown ones as many take each time as people do:
 * how long an answer takes says which kind of hash it might be, and not whether there is one.
 */
export function decoys({ sample, macs, now }: DecoyPorts): Decoys {
  let hashes: readonly string[] = [];
  let isForeign = false;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    readAt = now();
    // In one order, by what they cost: a sample that changes a little moves few identifiers.
    hashes = [...(await sample())].sort();
    isForeign = hashes.some(needsRehash);
  }

  return {
    async find(identifier) {
      if (now() - readAt > freshMs) {
        reading = read().finally(() => {
          reading = undefined;
        });
        // What is here is good for another moment when the store is away.
        reading.catch(() => {});
      }
      if (hashes.length === 0) await reading?.catch(() => {});
      const { mac } = await macs.make(identifier, { purpose: 'password decoy', row: '' });
      if (!isForeign) return undefined;
      const place = Buffer.from(mac, 'base64url').readUInt32BE(0) / 2 ** 32;
      return hashes[Math.floor(place * hashes.length)];
    },
  };
}
