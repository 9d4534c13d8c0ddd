import type { KeyObject } from 'node:crypto';
import type { DecryptionKeys } from '@authority/protocol';
import type { KeyRing, RingKey } from './key-ring.ts';

/** Opens what clients encrypted for this server, with any key that is still in the ring (RFC 7516). */
export class RingDecryptionKeys implements DecryptionKeys {
  constructor(private readonly ring: KeyRing) {}

  find(alg: string, kid: string | undefined): readonly KeyObject[] {
    // One key serves all kinds of key agreement (RFC 7518 §4.6); `alg` of the JWK names the first.
    const kind = alg.startsWith('ECDH-ES') ? 'ECDH-ES' : alg;
    const named = kid === undefined ? this.keys() : [this.ring.find(kid)];
    return named.flatMap((key) => (key?.use === 'encryption' && key.alg === kind && key.pair ? [key.pair.privateKey] : []));
  }

  /** Public parts for the key set, newest first; each opens from the moment that it is published. */
  jwks(): readonly Record<string, unknown>[] {
    return this.keys().map((key) => ({ ...key.public_jwk, kid: key.key_id, alg: key.alg, use: 'enc' }));
  }

  private keys(): readonly RingKey[] {
    return this.ring.all().filter(({ use }) => use === 'encryption');
  }
}
